<?xml version='1.0' encoding='utf-8'?>
<TS version="2.1" language="de">
<context>
    <name>Captions</name>
    <message>
        <source>You</source>
        <translation>Sie</translation>
    </message>
    <message>
        <source>Agent</source>
        <translation>Agent</translation>
    </message>
</context>
<context>
    <name>ConversationsPage</name>
    <message>
        <source>Conversations</source>
        <translation>Aufnahmen</translation>
    </message>
    <message>
        <source>Open f&amp;older</source>
        <translation>&amp;Ordner öffnen</translation>
    </message>
    <message>
        <source>Show the recordings' files.</source>
        <translation>Die Dateien der Aufnahmen zeigen.</translation>
    </message>
    <message>
        <source>Recorded conversations</source>
        <translation>Aufgenommene Gespräche</translation>
    </message>
    <message>
        <source>Time</source>
        <translation>Zeit</translation>
    </message>
    <message>
        <source>What happened</source>
        <translation>Was geschah</translation>
    </message>
    <message>
        <source>Events</source>
        <translation>Ereignisse</translation>
    </message>
    <message>
        <source>&amp;Play</source>
        <translation>Ab&amp;spielen</translation>
    </message>
    <message>
        <source>Hear both speakers; click the picture to jump.</source>
        <translation>Beide Sprecher hören; ein Klick ins Bild springt dorthin.</translation>
    </message>
    <message>
        <source>&amp;Export</source>
        <translation>&amp;Exportieren</translation>
    </message>
    <message>
        <source>Export</source>
        <translation>Exportieren</translation>
    </message>
    <message>
        <source>Sound as FLAC, a track for each speaker…</source>
        <translation>Ton als FLAC, eine Spur je Sprecher …</translation>
    </message>
    <message>
        <source>Sound as WAV, a track for each speaker…</source>
        <translation>Ton als WAV, eine Spur je Sprecher …</translation>
    </message>
    <message>
        <source>Events as JSON…</source>
        <translation>Ereignisse als JSON …</translation>
    </message>
    <message>
        <source>Labels for Audacity…</source>
        <translation>Textmarken für Audacity …</translation>
    </message>
    <message>
        <source>Words as text…</source>
        <translation>Gesprochenes als Text …</translation>
    </message>
    <message>
        <source>You: {0}</source>
        <translation>Sie: {0}</translation>
    </message>
    <message>
        <source>Agent: {0}</source>
        <translation>Agent: {0}</translation>
    </message>
    <message>
        <source>&amp;Rename…</source>
        <translation>&amp;Umbenennen …</translation>
    </message>
    <message>
        <source>Give the conversation a name.</source>
        <translation>Dem Gespräch einen Namen geben.</translation>
    </message>
    <message>
        <source>De&amp;lete…</source>
        <translation>&amp;Löschen …</translation>
    </message>
    <message>
        <source>Delete the recording for good.</source>
        <translation>Die Aufnahme endgültig löschen.</translation>
    </message>
    <message>
        <source>damaged</source>
        <translation>beschädigt</translation>
    </message>
    <message>
        <source>There are none yet. A talk is recorded while “Record” is on in the settings; what was said stays on this computer.</source>
        <translation>Noch gibt es keine. Ein Gespräch wird aufgenommen, solange in den Einstellungen „Aufnehmen“ an ist; was gesagt wurde, bleibt auf diesem Rechner.</translation>
    </message>
    <message>
        <source>d MMM yyyy, HH:mm</source>
        <translation>d. MMM yyyy, HH:mm</translation>
    </message>
    <message>
        <source>chunks of {0} ms</source>
        <translation>Abschnitte von {0} ms</translation>
    </message>
    <message>
        <source>{0} MB</source>
        <translation>{0} MB</translation>
    </message>
    <message>
        <source>broke off</source>
        <translation>abgebrochen</translation>
    </message>
    <message>
        <source>Reading the recording…</source>
        <translation>Die Aufnahme wird gelesen …</translation>
    </message>
    <message>
        <source>&amp;Stop</source>
        <translation>An&amp;halten</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>Anhalten</translation>
    </message>
    <message>
        <source>Play</source>
        <translation>Abspielen</translation>
    </message>
    <message>
        <source>The folder appears with the first recording.</source>
        <translation>Der Ordner entsteht mit der ersten Aufnahme.</translation>
    </message>
    <message>
        <source>The recordings are in {0}.</source>
        <translation>Die Aufnahmen liegen in {0}.</translation>
    </message>
    <message>
        <source>Written to {0}.</source>
        <translation>Geschrieben nach {0}.</translation>
    </message>
    <message>
        <source>Rename</source>
        <translation>Umbenennen</translation>
    </message>
    <message>
        <source>Name; none for the date:</source>
        <translation>Name; leer für das Datum:</translation>
    </message>
    <message>
        <source>Delete the recording?</source>
        <translation>Die Aufnahme löschen?</translation>
    </message>
    <message>
        <source>The sound and the events of “{0}” are deleted for good.</source>
        <translation>Ton und Ereignisse von „{0}“ werden endgültig gelöscht.</translation>
    </message>
</context>
<context>
    <name>DeviceComboBox</name>
    <message>
        <source>the system's default</source>
        <translation>Vorgabe des Systems</translation>
    </message>
    <message>
        <source>the system's default ({0})</source>
        <translation>Vorgabe des Systems ({0})</translation>
    </message>
    <message>
        <source>{0} (echo-cancelled by the system)</source>
        <translation>{0} (Echo vom System entfernt)</translation>
    </message>
    <message>
        <source>{0} (not there)</source>
        <translation>{0} (nicht da)</translation>
    </message>
</context>
<context>
    <name>FirstRun</name>
    <message>
        <source>Step {0} of {1}</source>
        <translation>Schritt {0} von {1}</translation>
    </message>
    <message>
        <source>Welcome to Duologue</source>
        <translation>Willkommen bei Duologue</translation>
    </message>
    <message>
        <source>An assistant that listens while it speaks. First, the microphone: press the button and say a few words. Nothing is kept, and nothing leaves this computer.</source>
        <translation>Ein Assistent, der zuhört, während er spricht. Zuerst das Mikrofon: Drücken Sie den Knopf und sagen Sie ein paar Worte. Nichts wird aufgehoben, und nichts verlässt diesen Rechner.</translation>
    </message>
    <message>
        <source>Microphone</source>
        <translation>Mikrofon</translation>
    </message>
    <message>
        <source>&amp;Try the microphone</source>
        <translation>Mikrofon &amp;ausprobieren</translation>
    </message>
    <message>
        <source>&amp;Next</source>
        <translation>&amp;Weiter</translation>
    </message>
    <message>
        <source>&amp;Skip all</source>
        <translation>Alles über&amp;springen</translation>
    </message>
    <message>
        <source>The speaker</source>
        <translation>Der Lautsprecher</translation>
    </message>
    <message>
        <source>Two soft tones will be played. Open loudspeakers are fine.</source>
        <translation>Zwei leise Töne erklingen. Offene Lautsprecher sind recht.</translation>
    </message>
    <message>
        <source>Speaker</source>
        <translation>Lautsprecher</translation>
    </message>
    <message>
        <source>&amp;Play</source>
        <translation>Ab&amp;spielen</translation>
    </message>
    <message>
        <source>I &amp;heard them, next</source>
        <translation>&amp;Gehört, weiter</translation>
    </message>
    <message>
        <source>&amp;Back</source>
        <translation>&amp;Zurück</translation>
    </message>
    <message>
        <source>How fast is this computer?</source>
        <translation>Wie schnell ist dieser Rechner?</translation>
    </message>
    <message>
        <source>Duologue can measure your room and your computer and choose its settings. You will hear chirps and some noise for a quarter of a minute; please be quiet.</source>
        <translation>Duologue kann Raum und Rechner ausmessen und seine Einstellungen danach wählen. Eine Viertelminute lang hören Sie Zirpen und etwas Rauschen; seien Sie bitte still.</translation>
    </message>
    <message>
        <source>Measuring</source>
        <translation>Messung</translation>
    </message>
    <message>
        <source>&amp;Measure</source>
        <translation>&amp;Messen</translation>
    </message>
    <message>
        <source>&amp;Leave it out</source>
        <translation>Aus&amp;lassen</translation>
    </message>
    <message>
        <source>Our advice</source>
        <translation>Unser Rat</translation>
    </message>
    <message>
        <source>Measured</source>
        <translation>Gemessen</translation>
    </message>
    <message>
        <source>&amp;Use this</source>
        <translation>So über&amp;nehmen</translation>
    </message>
    <message>
        <source>Choose &amp;myself</source>
        <translation>&amp;Selbst wählen</translation>
    </message>
    <message>
        <source>I hear you. Go on with “Next”.</source>
        <translation>Ich höre Sie. Weiter geht es mit „Weiter“.</translation>
    </message>
    <message>
        <source>&amp;Cancel</source>
        <translation>Ab&amp;brechen</translation>
    </message>
</context>
<context>
    <name>Legend</name>
    <message>
        <source>foreseen by the model</source>
        <translation>vom Modell vorhergesehen</translation>
    </message>
    <message>
        <source>not foreseen</source>
        <translation>nicht vorhergesehen</translation>
    </message>
    <message>
        <source>both speak</source>
        <translation>beide sprechen</translation>
    </message>
    <message>
        <source>expected of you</source>
        <translation>von Ihnen erwartet</translation>
    </message>
    <message>
        <source>you interrupt</source>
        <translation>Sie unterbrechen</translation>
    </message>
    <message>
        <source>the agent yields</source>
        <translation>der Agent gibt nach</translation>
    </message>
    <message>
        <source>sign of listening</source>
        <translation>Zeichen des Zuhörens</translation>
    </message>
    <message>
        <source>the agent cuts in</source>
        <translation>der Agent fällt ins Wort</translation>
    </message>
    <message>
        <source>late</source>
        <translation>verspätet</translation>
    </message>
    <message>
        <source>Turn the wheel to scroll the picture; with Ctrl to zoom.</source>
        <translation>Das Mausrad verschiebt das Bild; mit Strg vergrößert es.</translation>
    </message>
    <message>
        <source>Legend</source>
        <translation>Legende</translation>
    </message>
</context>
<context>
    <name>LevelMeter</name>
    <message>
        <source>Microphone level</source>
        <translation>Mikrofonpegel</translation>
    </message>
    <message>
        <source>{0:.0f} decibels</source>
        <translation>{0:.0f} Dezibel</translation>
    </message>
</context>
<context>
    <name>MainWindow</name>
    <message>
        <source>T&amp;alk</source>
        <translation>Gesp&amp;räch</translation>
    </message>
    <message>
        <source>C&amp;onversations</source>
        <translation>&amp;Aufnahmen</translation>
    </message>
    <message>
        <source>Mo&amp;dels</source>
        <translation>Mo&amp;delle</translation>
    </message>
    <message>
        <source>&amp;Settings</source>
        <translation>&amp;Einstellungen</translation>
    </message>
    <message>
        <source>Ctrl+{0}</source>
        <translation>Strg+{0}</translation>
    </message>
    <message>
        <source>The settings cannot be kept in {0} ({1}); they hold until Duologue ends.</source>
        <translation>Die Einstellungen können in {0} nicht gespeichert werden ({1}); sie gelten, bis Duologue beendet wird.</translation>
    </message>
    <message>
        <source>The language changes when Duologue is started again.</source>
        <translation>Die Sprache wechselt, wenn Duologue neu gestartet wird.</translation>
    </message>
</context>
<context>
    <name>MetricsPanel</name>
    <message>
        <source>Reaction</source>
        <translation>Reaktion</translation>
    </message>
    <message>
        <source>How long after your last word the agent speaks: the middle of the last nine answers, to 50 ms, without the sound card's own delay.</source>
        <translation>Wie lange nach Ihrem letzten Wort der Agent spricht: die mittlere der letzten neun Antworten, auf 50 ms, ohne die Verzögerung der Soundkarte.</translation>
    </message>
    <message>
        <source>Chunk time</source>
        <translation>Rechenzeit</translation>
    </message>
    <message>
        <source>How long the models take for a chunk, against the time they have. Over the last fifty chunks: the middle one, and the slowest.</source>
        <translation>Wie lange die Modelle für einen Abschnitt brauchen, gegen die Zeit, die sie haben. Aus den letzten fünfzig: der mittlere und der langsamste.</translation>
    </message>
    <message>
        <source>Hit rate</source>
        <translation>Trefferquote</translation>
    </message>
    <message>
        <source>Chunks of yours that the model had foreseen exactly, silence included.</source>
        <translation>Ihre Abschnitte, die das Modell genau vorausgesehen hat, auch stille.</translation>
    </message>
    <message>
        <source>Lag</source>
        <translation>Rückstand</translation>
    </message>
    <message>
        <source>How far the engine is behind the sound card at this moment.</source>
        <translation>Wie weit das Rechenwerk gerade hinter der Soundkarte liegt.</translation>
    </message>
    <message>
        <source>Drops</source>
        <translation>Ausfälle</translation>
    </message>
    <message>
        <source>Late chunks, lost sound and gaps since the talk began.</source>
        <translation>Späte Abschnitte, verlorener Ton und Lücken seit Beginn des Gesprächs.</translation>
    </message>
    <message>
        <source>of {0} ms, max {1}</source>
        <translation>von {0} ms, max. {1}</translation>
    </message>
    <message>
        <source>none</source>
        <translation>keine</translation>
    </message>
    <message>
        <source>{0} broken</source>
        <translation>{0} gestört</translation>
    </message>
    <message>
        <source>{0} late, {1} gaps, {2:.1f} s lost</source>
        <translation>{0} spät, {1} Lücken, {2:.1f} s verloren</translation>
    </message>
</context>
<context>
    <name>ModelsPage</name>
    <message>
        <source>Models</source>
        <translation>Modelle</translation>
    </message>
    <message>
        <source>A bundle holds all that an agent needs: ears, mind and voice. They stay on this computer, and nothing is fetched unless you ask for it here.</source>
        <translation>Ein Bündel enthält alles, was ein Agent braucht: Ohren, Verstand und Stimme. Bündel bleiben auf diesem Rechner, und nichts wird geholt, solange Sie es nicht hier verlangen.</translation>
    </message>
    <message>
        <source>Installed bundles</source>
        <translation>Installierte Bündel</translation>
    </message>
    <message>
        <source>Model card</source>
        <translation>Modellkarte</translation>
    </message>
    <message>
        <source>&amp;Use this bundle</source>
        <translation>Dieses Bündel &amp;verwenden</translation>
    </message>
    <message>
        <source>The next talk is held with it.</source>
        <translation>Das nächste Gespräch wird damit geführt.</translation>
    </message>
    <message>
        <source>De&amp;lete</source>
        <translation>&amp;Löschen</translation>
    </message>
    <message>
        <source>Delete the bundle's files for good.</source>
        <translation>Die Dateien des Bündels endgültig löschen.</translation>
    </message>
    <message>
        <source>Import &amp;folder…</source>
        <translation>&amp;Ordner einlesen …</translation>
    </message>
    <message>
        <source>Copy a bundle from a folder.</source>
        <translation>Ein Bündel aus einem Ordner kopieren.</translation>
    </message>
    <message>
        <source>Import &amp;archive…</source>
        <translation>A&amp;rchiv einlesen …</translation>
    </message>
    <message>
        <source>Unpack a bundle from a zip or tar file.</source>
        <translation>Ein Bündel aus einer zip- oder tar-Datei entpacken.</translation>
    </message>
    <message>
        <source>owner/name</source>
        <translation>Besitzer/Name</translation>
    </message>
    <message>
        <source>Hugging Face repository</source>
        <translation>Hugging-Face-Ablage</translation>
    </message>
    <message>
        <source>A repository on Hugging Face that holds a Duologue bundle.</source>
        <translation>Eine Ablage bei Hugging Face, die ein Duologue-Bündel enthält.</translation>
    </message>
    <message>
        <source>Pu&amp;ll from Hugging Face</source>
        <translation>Von &amp;Hugging Face holen</translation>
    </message>
    <message>
        <source>Download the bundle of this repository; the only use of the network.</source>
        <translation>Das Bündel dieser Ablage herunterladen; nur dafür wird das Netz benutzt.</translation>
    </message>
    <message>
        <source>Progress</source>
        <translation>Fortschritt</translation>
    </message>
    <message>
        <source>Ca&amp;ncel</source>
        <translation>Ab&amp;brechen</translation>
    </message>
    <message>
        <source>Stop; a download goes on from there the next time.</source>
        <translation>Anhalten; ein Herunterladen geht das nächste Mal dort weiter.</translation>
    </message>
    <message>
        <source>in use</source>
        <translation>in Gebrauch</translation>
    </message>
    <message>
        <source>{0} MB</source>
        <translation>{0} MB</translation>
    </message>
    <message>
        <source>damaged</source>
        <translation>beschädigt</translation>
    </message>
    <message>
        <source>comes with Duologue</source>
        <translation>gehört zu Duologue</translation>
    </message>
    <message>
        <source>This bundle has no model card.</source>
        <translation>Dieses Bündel hat keine Modellkarte.</translation>
    </message>
    <message>
        <source>This card is too long to be laid out; here it is as it was written.</source>
        <translation>Diese Modellkarte ist zu lang, um sie zu setzen; hier steht sie so, wie sie geschrieben wurde.</translation>
    </message>
    <message>
        <source>Delete the bundle?</source>
        <translation>Das Bündel löschen?</translation>
    </message>
    <message>
        <source>{0} and its {1} MB are deleted for good.</source>
        <translation>{0} mit {1} MB wird endgültig gelöscht.</translation>
    </message>
    <message>
        <source>Folder of a bundle</source>
        <translation>Ordner eines Bündels</translation>
    </message>
    <message>
        <source>Archive of a bundle</source>
        <translation>Archiv eines Bündels</translation>
    </message>
    <message>
        <source>Archives</source>
        <translation>Archive</translation>
    </message>
    <message>
        <source>Importing {0}.</source>
        <translation>{0} wird eingelesen.</translation>
    </message>
    <message>
        <source>Downloading {0}.</source>
        <translation>{0} wird heruntergeladen.</translation>
    </message>
    <message>
        <source>Stopped. The next time it goes on from there.</source>
        <translation>Angehalten. Das nächste Mal geht es dort weiter.</translation>
    </message>
    <message>
        <source>Installed. Press “Use this bundle” to talk with it.</source>
        <translation>Installiert. Drücken Sie „Dieses Bündel verwenden“, um damit zu sprechen.</translation>
    </message>
</context>
<context>
    <name>NoticeBar</name>
    <message>
        <source>Start &amp;again</source>
        <translation>&amp;Neu beginnen</translation>
    </message>
    <message>
        <source>&amp;Hide</source>
        <translation>Aus&amp;blenden</translation>
    </message>
    <message>
        <source>Hide the notice</source>
        <translation>Die Meldung ausblenden</translation>
    </message>
</context>
<context>
    <name>Sentences</name>
    <message>
        <source>The microphone does not hear the speaker (no echo came within {0} s): you wear headphones, or one of them is off. Echo is no matter then.</source>
        <translation>Das Mikrofon hört den Lautsprecher nicht (kein Echo kam innerhalb von {0} s): Sie tragen Kopfhörer, oder eines von beiden ist aus. Das Echo spielt dann keine Rolle.</translation>
    </message>
    <message>
        <source>The microphone hears more while the speaker plays, but no echo came within {0} s; be quiet meanwhile and try again, and if it stays so, wear headphones.</source>
        <translation>Das Mikrofon hört mehr, während der Lautsprecher spielt, aber kein Echo kam innerhalb von {0} s; seien Sie solange still und versuchen Sie es noch einmal, und wenn es so bleibt, tragen Sie Kopfhörer.</translation>
    </message>
    <message>
        <source>A card latency of {0} ms: most of the {1} ms that sound takes from speaker to microphone are the buffers of {2} ms that you set, and the echo canceller reaches {3} ms.</source>
        <translation>Ein Puffer der Soundkarte von {0} ms: Die meisten der {1} ms, die der Ton vom Lautsprecher zum Mikrofon braucht, sind die Puffer von {2} ms, die Sie eingestellt haben, und die Echounterdrückung reicht {3} ms weit.</translation>
    </message>
    <message>
        <source>Sound takes {0} ms from speaker to microphone; the echo canceller reaches {1} ms, so the agent would hear itself: wear headphones, use a speaker with a cable (Bluetooth and AirPlay are slow), or switch hold-to-talk on.</source>
        <translation>Der Ton braucht {0} ms vom Lautsprecher zum Mikrofon; die Echounterdrückung reicht {1} ms weit, der Agent würde also sich selbst hören: Tragen Sie Kopfhörer, nehmen Sie einen Lautsprecher mit Kabel (Bluetooth und AirPlay sind langsam), oder schalten Sie „Zum Sprechen halten“ ein.</translation>
    </message>
    <message>
        <source>Some of that time is in the buffers of {0} ms that you set.</source>
        <translation>Ein Teil dieser Zeit steckt in den Puffern von {0} ms, die Sie eingestellt haben.</translation>
    </message>
    <message>
        <source>The sound server does not answer; wait a moment, or log out and in again.</source>
        <translation>Der Soundserver antwortet nicht; warten Sie einen Moment, oder melden Sie sich ab und wieder an.</translation>
    </message>
    <message>
        <source>The sound server has ended, and without it no device is seen; log out and in again.</source>
        <translation>Der Soundserver ist beendet, und ohne ihn ist kein Gerät zu sehen; melden Sie sich ab und wieder an.</translation>
    </message>
    <message>
        <source>There is no microphone; plug one in or switch it on.</source>
        <translation>Es gibt kein Mikrofon; schließen Sie eines an oder schalten Sie es ein.</translation>
    </message>
    <message>
        <source>There is no speaker; plug one in or switch it on.</source>
        <translation>Es gibt keinen Lautsprecher; schließen Sie einen an oder schalten Sie ihn ein.</translation>
    </message>
    <message>
        <source>The microphone {0} cannot be chosen (several of that name); choose one of: {1}.</source>
        <translation>Das Mikrofon {0} ist nicht eindeutig; wählen Sie eines von: {1}.</translation>
    </message>
    <message>
        <source>The speaker {0} cannot be chosen (several of that name); choose one of: {1}.</source>
        <translation>Der Lautsprecher {0} ist nicht eindeutig; wählen Sie einen von: {1}.</translation>
    </message>
    <message>
        <source>The microphone {0} cannot be chosen (none of that name); choose one of: {1}.</source>
        <translation>Ein Mikrofon {0} gibt es nicht; wählen Sie eines von: {1}.</translation>
    </message>
    <message>
        <source>The speaker {0} cannot be chosen (none of that name); choose one of: {1}.</source>
        <translation>Einen Lautsprecher {0} gibt es nicht; wählen Sie einen von: {1}.</translation>
    </message>
    <message>
        <source>The microphone {0} cannot be opened ({1}); choose another device.</source>
        <translation>Das Mikrofon {0} lässt sich nicht öffnen ({1}); wählen Sie ein anderes Gerät.</translation>
    </message>
    <message>
        <source>The speaker {0} cannot be opened ({1}); choose another device.</source>
        <translation>Der Lautsprecher {0} lässt sich nicht öffnen ({1}); wählen Sie ein anderes Gerät.</translation>
    </message>
    <message>
        <source>The microphone {0} is gone; plug it in again.</source>
        <translation>Das Mikrofon {0} ist fort; schließen Sie es wieder an.</translation>
    </message>
    <message>
        <source>The speaker {0} is gone; plug it in again.</source>
        <translation>Der Lautsprecher {0} ist fort; schließen Sie ihn wieder an.</translation>
    </message>
    <message>
        <source>The microphone {0} is used by another program; close that program or choose another device.</source>
        <translation>Das Mikrofon {0} wird von einem anderen Programm benutzt; beenden Sie dieses oder wählen Sie ein anderes Gerät.</translation>
    </message>
    <message>
        <source>The speaker {0} is used by another program; close that program or choose another device.</source>
        <translation>Der Lautsprecher {0} wird von einem anderen Programm benutzt; beenden Sie dieses oder wählen Sie ein anderes Gerät.</translation>
    </message>
    <message>
        <source>The system's sound does not answer; wait a moment, or start the computer again.</source>
        <translation>Der Ton des Systems antwortet nicht; warten Sie einen Moment, oder starten Sie den Computer neu.</translation>
    </message>
    <message>
        <source>The sound card has stopped; it is opened again.</source>
        <translation>Die Soundkarte hat angehalten; sie wird neu geöffnet.</translation>
    </message>
    <message>
        <source>The microphone {0} does not answer; plug it in again.</source>
        <translation>Das Mikrofon {0} antwortet nicht; schließen Sie es noch einmal an.</translation>
    </message>
    <message>
        <source>The speaker {0} does not answer; plug it in again.</source>
        <translation>Der Lautsprecher {0} antwortet nicht; schließen Sie ihn noch einmal an.</translation>
    </message>
    <message>
        <source>Windows does not let Duologue use the microphone {0}; allow it in Settings, Privacy &amp; security, Microphone.</source>
        <translation>Windows lässt Duologue nicht an das Mikrofon {0}; erlauben Sie es in Einstellungen, Datenschutz und Sicherheit, Mikrofon.</translation>
    </message>
    <message>
        <source>The microphone {0} gives digital silence; check that it is not muted, in the system's sound settings and on the device.</source>
        <translation>Das Mikrofon {0} gibt nur Nullen; sehen Sie nach, ob es stumm ist, in den Klangeinstellungen des Systems und am Gerät.</translation>
    </message>
    <message>
        <source>The microphone {0} gives digital silence; allow Duologue in System Settings, Privacy &amp; Security, Microphone.</source>
        <translation>Das Mikrofon {0} gibt nur Nullen; erlauben Sie es Duologue in Systemeinstellungen, Datenschutz und Sicherheit, Mikrofon.</translation>
    </message>
    <message>
        <source>The microphone {0} gives digital silence; allow it in Settings, Privacy &amp; security, Microphone, and check its mute switch.</source>
        <translation>Das Mikrofon {0} gibt nur Nullen; erlauben Sie es in Einstellungen, Datenschutz und Sicherheit, Mikrofon, und sehen Sie nach seinem Stummschalter.</translation>
    </message>
    <message>
        <source>The microphone {0} gives sound.</source>
        <translation>Das Mikrofon {0} gibt Ton.</translation>
    </message>
    <message>
        <source>The system takes the echo out of {0}, and much of your voice while the agent speaks; choose the microphone itself.</source>
        <translation>Aus {0} entfernt das System das Echo, und viel von Ihrer Stimme, während der Agent spricht; wählen Sie das Mikrofon selbst.</translation>
    </message>
    <message>
        <source>The PortAudio library is missing; install it (on Debian and Ubuntu: sudo apt install libportaudio2).</source>
        <translation>Die Bibliothek PortAudio fehlt; installieren Sie sie (auf Debian und Ubuntu: sudo apt install libportaudio2).</translation>
    </message>
    <message>
        <source>The PortAudio library is missing; install it (brew install portaudio) or install Duologue again.</source>
        <translation>Die Bibliothek PortAudio fehlt; installieren Sie sie (brew install portaudio) oder Duologue noch einmal.</translation>
    </message>
    <message>
        <source>The PortAudio library is missing; install Duologue again.</source>
        <translation>Die Bibliothek PortAudio fehlt; installieren Sie Duologue noch einmal.</translation>
    </message>
    <message>
        <source>The sound card's buffer is {0} ms now.</source>
        <translation>Der Puffer der Soundkarte ist jetzt {0} ms lang.</translation>
    </message>
    <message>
        <source>The microphone is now {0}.</source>
        <translation>Das Mikrofon ist jetzt {0}.</translation>
    </message>
    <message>
        <source>The speaker is now {0}.</source>
        <translation>Der Lautsprecher ist jetzt {0}.</translation>
    </message>
    <message>
        <source>The microphone {0} runs at {1} Hz now.</source>
        <translation>Das Mikrofon {0} läuft jetzt mit {1} Hz.</translation>
    </message>
    <message>
        <source>The speaker {0} runs at {1} Hz now.</source>
        <translation>Der Lautsprecher {0} läuft jetzt mit {1} Hz.</translation>
    </message>
    <message>
        <source>Sound is back: {0} and {1} ({2} is not there).</source>
        <translation>Der Ton ist wieder da: {0} und {1} ({2} fehlt).</translation>
    </message>
    <message>
        <source>Sound is back: {0} and {1}.</source>
        <translation>Der Ton ist wieder da: {0} und {1}.</translation>
    </message>
    <message>
        <source>The sound card gives too little sound; it is opened again.</source>
        <translation>Die Soundkarte gibt zu wenig Ton; sie wird neu geöffnet.</translation>
    </message>
    <message>
        <source>The sound card is gone; the talk waits for one.</source>
        <translation>Die Soundkarte ist fort; das Gespräch wartet auf eine.</translation>
    </message>
    <message>
        <source>The sound card is in use by the talk; stop it first.</source>
        <translation>Das Gespräch benutzt die Soundkarte; beenden Sie es zuerst.</translation>
    </message>
    <message>
        <source>The sound card is still being tried; begin again.</source>
        <translation>Die Soundkarte wird noch geprüft; beginnen Sie noch einmal.</translation>
    </message>
    <message>
        <source>Chunks of {0} ms: the shortest that this machine computes with ease ({1} ms in the worst of a hundred).</source>
        <translation>Abschnitte von {0} ms: die kürzesten, die dieser Rechner mühelos schafft ({1} ms im schlechtesten von hundert).</translation>
    </message>
    <message>
        <source>Chunks of {0} ms: the engine needs up to {1} ms for one, so other programs may make it late; close what you do not need.</source>
        <translation>Abschnitte von {0} ms: einer braucht bis zu {1} ms, andere Programme können ihn also verspäten; beenden Sie, was Sie nicht brauchen.</translation>
    </message>
    <message>
        <source>This machine is too slow for this bundle ({0} ms for a chunk of {1} ms), so the agent will stutter; choose a smaller bundle.</source>
        <translation>Dieser Rechner ist zu langsam für dieses Bündel ({0} ms für einen Abschnitt von {1} ms), der Agent wird stottern; wählen Sie ein kleineres Bündel.</translation>
    </message>
    <message>
        <source>A latency of {0} ms, one chunk: it gives the engine a chunk's time, and the model guesses the one chunk that it has not heard. Half of it, on a fast machine, understands more and waits less in your pauses.</source>
        <translation>Ein Polster von {0} ms, ein Abschnitt: so bleibt zum Rechnen die Zeit eines Abschnitts, und das Modell errät den einen, den es nicht gehört hat. Die Hälfte versteht auf einem schnellen Rechner mehr und wartet in Ihren Pausen weniger.</translation>
    </message>
    <message>
        <source>A card latency of {0} ms: the sound broke off {1} times at {2} ms.</source>
        <translation>Ein Puffer der Soundkarte von {0} ms: mit {2} ms brach der Ton {1}-mal ab.</translation>
    </message>
    <message>
        <source>Only {0} dB of the echo are taken off; turn the speaker down, or wear headphones.</source>
        <translation>Nur {0} dB des Echos werden entfernt; stellen Sie den Lautsprecher leiser, oder tragen Sie Kopfhörer.</translation>
    </message>
    <message>
        <source>The sound card hardly runs; plug it in again, or close programs that keep the computer busy.</source>
        <translation>Die Soundkarte läuft kaum; schließen Sie sie noch einmal an, oder beenden Sie Programme, die den Rechner beschäftigen.</translation>
    </message>
    <message>
        <source>The engine has failed ({0}); start again, and please report it. What was recorded is kept.</source>
        <translation>Die Maschine ist ausgefallen ({0}); beginnen Sie noch einmal, und melden Sie es bitte. Was aufgenommen wurde, bleibt.</translation>
    </message>
    <message>
        <source>The models gave values that are no numbers, and silence stands in their place; choose another bundle if the agent stays silent.</source>
        <translation>Die Modelle haben Werte geliefert, die keine Zahlen sind; an ihrer Stelle steht Stille. Wählen Sie ein anderes Bündel, wenn der Agent stumm bleibt.</translation>
    </message>
    <message>
        <source>The talk was stopped before it began.</source>
        <translation>Das Gespräch wurde beendet, bevor es begann.</translation>
    </message>
    <message>
        <source>The talk has failed ({0}); please report it.</source>
        <translation>Das Gespräch ist gescheitert ({0}); melden Sie es bitte.</translation>
    </message>
    <message>
        <source>Something unexpected failed ({0}); please report it with {1}.</source>
        <translation>Etwas ist unerwartet gescheitert ({0}); melden Sie es bitte mit {1}.</translation>
    </message>
    <message>
        <source>Something unexpected failed ({0}) and no log can be written; please report it.</source>
        <translation>Etwas ist unerwartet gescheitert ({0}), und es kann nichts protokolliert werden; melden Sie es bitte.</translation>
    </message>
    <message>
        <source>There is not enough memory for that; close other programs, or ask for less.</source>
        <translation>Dafür reicht der Speicher nicht; schließen Sie andere Programme, oder verlangen Sie weniger.</translation>
    </message>
    <message>
        <source>The recording in {0} has ended ({1}). The talk goes on; make room, or choose another folder, and record again.</source>
        <translation>Die Aufnahme in {0} ist zu Ende ({1}). Das Gespräch geht weiter; schaffen Sie Platz oder wählen Sie einen anderen Ordner, und nehmen Sie neu auf.</translation>
    </message>
    <message>
        <source>The conversation cannot be played ({0}).</source>
        <translation>Das Gespräch lässt sich nicht abspielen ({0}).</translation>
    </message>
    <message>
        <source>The sound is missing or damaged.</source>
        <translation>Der Ton fehlt oder ist beschädigt.</translation>
    </message>
    <message>
        <source>The conversation is being recorded; stop the talk first.</source>
        <translation>Das Gespräch wird gerade aufgenommen; beenden Sie es zuerst.</translation>
    </message>
    <message>
        <source>{0} belongs to a recording; choose another name.</source>
        <translation>{0} gehört zu einer Aufnahme; wählen Sie einen anderen Namen.</translation>
    </message>
    <message>
        <source>{0} is missing; export what is left in another form.</source>
        <translation>{0} fehlt; exportieren Sie, was übrig ist, in einer anderen Form.</translation>
    </message>
    <message>
        <source>The sound of the conversation in {0} cannot be read; choose another.</source>
        <translation>Der Ton des Gesprächs in {0} ist nicht lesbar; wählen Sie ein anderes.</translation>
    </message>
    <message>
        <source>The recordings in {0} cannot be listed ({1}); choose another folder.</source>
        <translation>Die Aufnahmen in {0} lassen sich nicht auflisten ({1}); wählen Sie einen anderen Ordner.</translation>
    </message>
    <message>
        <source>{0} cannot be written ({1}); choose another folder.</source>
        <translation>{0} lässt sich nicht schreiben ({1}); wählen Sie einen anderen Ordner.</translation>
    </message>
    <message>
        <source>{0} could not be deleted whole; close programs that use it, or delete it yourself.</source>
        <translation>{0} ließ sich nicht ganz löschen; beenden Sie Programme, die es benutzen, oder löschen Sie es selbst.</translation>
    </message>
    <message>
        <source>{0} is not a recorded conversation; choose another.</source>
        <translation>{0} ist kein aufgenommenes Gespräch; wählen Sie ein anderes.</translation>
    </message>
    <message>
        <source>{0} is not a recorded talk; choose the folder of one.</source>
        <translation>{0} ist kein aufgenommenes Gespräch; wählen Sie den Ordner eines solchen.</translation>
    </message>
    <message>
        <source>{0} was written by another version of Duologue; open it with that version.</source>
        <translation>{0} stammt von einer anderen Version von Duologue; öffnen Sie es mit dieser.</translation>
    </message>
    <message>
        <source>{0} cannot be read ({1}); choose the folder of a recorded talk.</source>
        <translation>{0} ist nicht lesbar ({1}); wählen Sie den Ordner eines aufgenommenen Gesprächs.</translation>
    </message>
    <message>
        <source>{0} is damaged in line {1}; choose another recorded talk.</source>
        <translation>{0} ist in Zeile {1} beschädigt; wählen Sie ein anderes Gespräch.</translation>
    </message>
    <message>
        <source>Some settings were not valid and were reset: {0}. The old file is kept as {1}.</source>
        <translation>Einige Einstellungen waren ungültig und wurden zurückgesetzt: {0}. Die alte Datei liegt als {1} bereit.</translation>
    </message>
    <message>
        <source>Some settings were not valid and were reset: {0}.</source>
        <translation>Einige Einstellungen waren ungültig und wurden zurückgesetzt: {0}.</translation>
    </message>
    <message>
        <source>The settings were damaged; the defaults are used, but nothing is recorded or deleted. The old file is kept as {0}.</source>
        <translation>Die Einstellungen waren beschädigt; es gelten die Vorgaben, aber nichts wird aufgenommen oder gelöscht. Die alte Datei liegt als {0} bereit.</translation>
    </message>
    <message>
        <source>The settings in {0} are damaged and cannot be set aside ({1}); the defaults are used, but nothing is recorded or deleted.</source>
        <translation>Die Einstellungen in {0} sind beschädigt und lassen sich nicht beiseite legen ({1}); es gelten die Vorgaben, aber nichts wird aufgenommen oder gelöscht.</translation>
    </message>
    <message>
        <source>The settings in {0} cannot be read ({1}); the defaults are used, but nothing is recorded or deleted.</source>
        <translation>Die Einstellungen in {0} sind nicht lesbar ({1}); es gelten die Vorgaben, aber nichts wird aufgenommen oder gelöscht.</translation>
    </message>
    <message>
        <source>The settings are from a newer Duologue; the defaults are used, but nothing is recorded or deleted. The old file is kept as {0}.</source>
        <translation>Die Einstellungen stammen von einem neueren Duologue; es gelten die Vorgaben, aber nichts wird aufgenommen oder gelöscht. Die alte Datei liegt als {0} bereit.</translation>
    </message>
    <message>
        <source>The settings in {0} are from a newer Duologue and cannot be set aside ({1}); the defaults are used, but nothing is recorded or deleted.</source>
        <translation>Die Einstellungen in {0} stammen von einem neueren Duologue und lassen sich nicht beiseite legen ({1}); es gelten die Vorgaben, aber nichts wird aufgenommen oder gelöscht.</translation>
    </message>
    <message>
        <source>{0} is missing or has another size; install it again.</source>
        <translation>{0} fehlt oder hat eine andere Größe; installieren Sie das Bündel noch einmal.</translation>
    </message>
    <message>
        <source>{0} comes with Duologue and cannot be deleted.</source>
        <translation>{0} gehört zu Duologue und lässt sich nicht löschen.</translation>
    </message>
    <message>
        <source>{0} is not a repository's name; write it as owner/name.</source>
        <translation>{0} ist kein Name eines Repositoriums; schreiben Sie ihn als Besitzer/Name.</translation>
    </message>
    <message>
        <source>The disk of {0} has {1} MB free and the bundle needs {2}; make room and try again.</source>
        <translation>Auf dem Datenträger von {0} sind {1} MB frei, und das Bündel braucht {2}; schaffen Sie Platz und versuchen Sie es noch einmal.</translation>
    </message>
    <message>
        <source>{0} could not be deleted whole ({1}); stop the talk that uses it, or delete it yourself.</source>
        <translation>{0} ließ sich nicht ganz löschen ({1}); beenden Sie das Gespräch, das es benutzt, oder löschen Sie es selbst.</translation>
    </message>
    <message>
        <source>{0} holds no bundle ({1} is missing); choose a bundle's folder, or an archive of one.</source>
        <translation>{0} enthält kein Bündel ({1} fehlt); wählen Sie den Ordner oder das Archiv eines Bündels.</translation>
    </message>
    <message>
        <source>{0} is damaged ({1}); get it again.</source>
        <translation>{0} ist beschädigt ({1}); besorgen Sie es noch einmal.</translation>
    </message>
    <message>
        <source>The bundle could not be installed in {0} ({1}); make room on the disk, or check who may write there.</source>
        <translation>Das Bündel ließ sich nicht in {0} installieren ({1}); schaffen Sie Platz, oder prüfen Sie, wer dort schreiben darf.</translation>
    </message>
    <message>
        <source>{0} was refused ({1}); the repository may be private, or ask again later.</source>
        <translation>{0} wurde verweigert ({1}); das Repositorium ist vielleicht privat, oder fragen Sie später noch einmal.</translation>
    </message>
    <message>
        <source>The download broke off ({0}); check the connection and pull again, it goes on where it stopped.</source>
        <translation>Das Holen brach ab ({0}); prüfen Sie die Verbindung und holen Sie noch einmal, es geht dort weiter, wo es aufhörte.</translation>
    </message>
    <message>
        <source>A web page came in place of {0}: the network or the repository may want you to log in; open that address in a browser, then pull again.</source>
        <translation>Statt {0} kam eine Webseite: Das Netz oder das Repository verlangt vielleicht eine Anmeldung; öffnen Sie diese Adresse in einem Browser und holen Sie dann noch einmal.</translation>
    </message>
    <message>
        <source>HF_ENDPOINT is {0}, which is no address; write it as https://host.</source>
        <translation>HF_ENDPOINT ist {0}, was keine Adresse ist; schreiben Sie https://Rechner.</translation>
    </message>
    <message>
        <source>{0} in {1} is larger than its manifest says; get it again.</source>
        <translation>{0} in {1} ist größer, als sein Manifest sagt; besorgen Sie es noch einmal.</translation>
    </message>
    <message>
        <source>{0} is not a plain file; install the bundle again.</source>
        <translation>{0} ist keine gewöhnliche Datei; installieren Sie das Bündel noch einmal.</translation>
    </message>
    <message>
        <source>{0} is too large for a bundle&apos;s manifest; install the bundle again.</source>
        <translation>{0} ist zu groß für das Manifest eines Bündels; installieren Sie das Bündel noch einmal.</translation>
    </message>
    <message>
        <source>The bundles in {0} cannot be listed ({1}); check who may read there.</source>
        <translation>Die Bündel in {0} lassen sich nicht auflisten ({1}); prüfen Sie, wer dort lesen darf.</translation>
    </message>
    <message>
        <source>{0} is damaged or cannot be read ({1}); get it again, or check who may read it.</source>
        <translation>{0} ist beschädigt oder lässt sich nicht lesen ({1}); holen Sie es noch einmal, oder prüfen Sie, wer es lesen darf.</translation>
    </message>
    <message>
        <source>{0} is locked with a password; unpack it and choose its folder.</source>
        <translation>{0} ist mit einem Kennwort verschlossen; entpacken Sie es und wählen Sie seinen Ordner.</translation>
    </message>
    <message>
        <source>{0} holds more than {1} files; choose the archive of a bundle.</source>
        <translation>{0} enthält mehr als {1} Dateien; wählen Sie das Archiv eines Bündels.</translation>
    </message>
    <message>
        <source>{0} holds more than one bundle; unpack it and choose the folder of one.</source>
        <translation>{0} enthält mehr als ein Bündel; entpacken Sie es und wählen Sie den Ordner von einem.</translation>
    </message>
    <message>
        <source>Your home folder is not known; let HOME name it, or DUOLOGUE_PROFILE another folder for all that Duologue keeps.</source>
        <translation>Ihr persönlicher Ordner ist nicht bekannt; nennen Sie ihn in HOME, oder in DUOLOGUE_PROFILE einen anderen Ordner für alles, was Duologue aufhebt.</translation>
    </message>
    <message>
        <source>There is no folder for what belongs to this session ({0}); let XDG_RUNTIME_DIR name one of your own that nobody else may write to.</source>
        <translation>Es gibt keinen Ordner für das, was zu dieser Sitzung gehört ({0}); nennen Sie in XDG_RUNTIME_DIR einen eigenen, in den niemand sonst schreiben darf.</translation>
    </message>
    <message>
        <source>{0} is neither a folder nor a zip or tar archive; choose another.</source>
        <translation>{0} ist weder ein Ordner noch ein Zip- oder Tar-Archiv; wählen Sie etwas anderes.</translation>
    </message>
    <message>
        <source>{0} from {1} is not what its manifest says; pull it again, or tell its owner.</source>
        <translation>{0} aus {1} ist nicht, was sein Manifest sagt; holen Sie es noch einmal, oder sagen Sie es dem Besitzer.</translation>
    </message>
    <message>
        <source>{0} does not exist; check the repository's name, and that it holds a Duologue bundle.</source>
        <translation>{0} gibt es nicht; prüfen Sie den Namen des Repositoriums, und ob es ein Bündel für Duologue enthält.</translation>
    </message>
    <message>
        <source>{0} has manifest version {1}, which this Duologue does not know (it knows {2}); install the newest Duologue.</source>
        <translation>{0} hat ein Manifest der Version {1}, die dieses Duologue nicht kennt (es kennt {2}); installieren Sie das neueste Duologue.</translation>
    </message>
    <message>
        <source>{0} is not the file that the manifest names; install the bundle again.</source>
        <translation>{0} ist nicht die Datei, die das Manifest nennt; installieren Sie das Bündel noch einmal.</translation>
    </message>
    <message>
        <source>{0} does not hold {1} different pieces of text; install the bundle again.</source>
        <translation>{0} enthält nicht {1} verschiedene Textstücke; installieren Sie das Bündel noch einmal.</translation>
    </message>
    <message>
        <source>The bundle {0} was not trained for chunks of {1} ms; choose one of {2}.</source>
        <translation>Das Bündel {0} wurde nicht für Abschnitte von {1} ms trainiert; wählen Sie {2}.</translation>
    </message>
    <message>
        <source>There is no bundle in {0} ({1} is missing); choose a bundle's folder.</source>
        <translation>In {0} ist kein Bündel ({1} fehlt); wählen Sie den Ordner eines Bündels.</translation>
    </message>
    <message>
        <source>The language model {0} cannot be read ({1}); install the bundle again.</source>
        <translation>Das Sprachmodell {0} ist nicht lesbar ({1}); installieren Sie das Bündel noch einmal.</translation>
    </message>
    <message>
        <source>{0} cannot be read ({1}); install the bundle again.</source>
        <translation>{0} ist nicht lesbar ({1}); installieren Sie das Bündel noch einmal.</translation>
    </message>
    <message>
        <source>{0} is not a bundle's manifest; install the bundle again.</source>
        <translation>{0} ist kein Manifest eines Bündels; installieren Sie das Bündel noch einmal.</translation>
    </message>
    <message>
        <source>{0} is wrong at {1}: {2}; install the bundle again.</source>
        <translation>{0} ist falsch bei {1}: {2}; installieren Sie das Bündel noch einmal.</translation>
    </message>
    <message>
        <source>{0} has {1} bytes where the manifest says {2}; install the bundle again.</source>
        <translation>{0} hat {1} Bytes, das Manifest sagt {2}; installieren Sie das Bündel noch einmal.</translation>
    </message>
    <message>
        <source>{0} is missing or not an ONNX model that can be run; install the bundle again.</source>
        <translation>{0} fehlt oder ist kein lauffähiges ONNX-Modell; installieren Sie das Bündel noch einmal.</translation>
    </message>
    <message>
        <source>{0} is missing; install the bundle again.</source>
        <translation>{0} fehlt; installieren Sie das Bündel noch einmal.</translation>
    </message>
    <message>
        <source>{0} is a foreign model ({1}); install the bundle again.</source>
        <translation>{0} ist ein fremdes Modell ({1}); installieren Sie das Bündel noch einmal.</translation>
    </message>
    <message>
        <source>{0} could not be run; install the bundle again.</source>
        <translation>{0} lief nicht; installieren Sie das Bündel noch einmal.</translation>
    </message>
    <message>
        <source>{0} could not be run on {1} of shape {2}; install the bundle again.</source>
        <translation>{0} lief nicht mit {1} der Form {2}; installieren Sie das Bündel noch einmal.</translation>
    </message>
    <message>
        <source>The language model {0} cannot take back what it has heard (it is recurrent or has a sliding window); choose a bundle with a plain Llama model.</source>
        <translation>Das Sprachmodell {0} kann Gehörtes nicht zurücknehmen (es ist rekurrent oder hat ein gleitendes Fenster); wählen Sie ein Bündel mit einem schlichten Llama-Modell.</translation>
    </message>
    <message>
        <source>The language model {0} is not a GGUF file; install the bundle again.</source>
        <translation>Das Sprachmodell {0} ist keine GGUF-Datei; installieren Sie das Bündel noch einmal.</translation>
    </message>
    <message>
        <source>The language model {0} gives values that are no numbers; install the bundle again.</source>
        <translation>Das Sprachmodell {0} liefert Werte, die keine Zahlen sind; installieren Sie das Bündel neu.</translation>
    </message>
    <message>
        <source>The language model {0} is damaged or of an unknown kind; install the bundle again.</source>
        <translation>Das Sprachmodell {0} ist beschädigt oder von unbekannter Art; installieren Sie das Bündel noch einmal.</translation>
    </message>
    <message>
        <source>There is not enough memory for the language model {0}; close other programs.</source>
        <translation>Für das Sprachmodell {0} reicht der Speicher nicht; beenden Sie andere Programme.</translation>
    </message>
    <message>
        <source>The context of {0} tokens is full; start anew.</source>
        <translation>Der Kontext von {0} Tokens ist voll; beginnen Sie neu.</translation>
    </message>
    <message>
        <source>The language model {0} failed (llama_decode returned {1}); restart, and choose another bundle if it happens again.</source>
        <translation>Das Sprachmodell {0} ist gescheitert (llama_decode gab {1}); beginnen Sie neu, und wählen Sie ein anderes Bündel, wenn es wieder geschieht.</translation>
    </message>
    <message>
        <source>The language model {0} gave no output; restart.</source>
        <translation>Das Sprachmodell {0} gab nichts aus; beginnen Sie neu.</translation>
    </message>
</context>
<context>
    <name>SettingsPage</name>
    <message>
        <source>Settings</source>
        <translation>Einstellungen</translation>
    </message>
    <message>
        <source> ms</source>
        <translation> ms</translation>
    </message>
    <message>
        <source>Conversation</source>
        <translation>Gespräch</translation>
    </message>
    <message>
        <source>&amp;Chunk</source>
        <translation>A&amp;bschnitt</translation>
    </message>
    <message>
        <source>How often the agent decides. Shorter reacts sooner, longer suits slow computers. In a talk the agent begins anew.</source>
        <translation>Wie oft der Agent entscheidet. Kürzer reagiert früher, länger passt zu langsamen Rechnern. Im Gespräch beginnt der Agent von vorn.</translation>
    </message>
    <message>
        <source>one chunk</source>
        <translation>ein Abschnitt</translation>
    </message>
    <message>
        <source>&amp;Latency cushion</source>
        <translation>&amp;Zeitpolster</translation>
    </message>
    <message>
        <source>How late your sound is used. One chunk is right for most; half a chunk, on a fast computer, understands more and waits less in pauses; more forgives a slow one. In a talk the agent begins anew.</source>
        <translation>Wie spät Ihr Ton verwendet wird. Ein Abschnitt ist meist richtig; ein halber versteht auf einem schnellen Rechner mehr und wartet in Pausen weniger; mehr verzeiht einen langsamen. Im Gespräch beginnt der Agent von vorn.</translation>
    </message>
    <message>
        <source>the model's own</source>
        <translation>die des Modells</translation>
    </message>
    <message>
        <source>&amp;Temperature</source>
        <translation>&amp;Temperatur</translation>
    </message>
    <message>
        <source>How freely the agent speaks: 0 always says the likeliest, above 1 it babbles. In a talk the agent begins anew.</source>
        <translation>Wie frei der Agent spricht: Bei 0 sagt er stets das Wahrscheinlichste, über 1 plappert er. Im Gespräch beginnt er von vorn.</translation>
    </message>
    <message>
        <source>Only while the space bar is down</source>
        <translation>Nur solange die Leertaste gedrückt ist</translation>
    </message>
    <message>
        <source>&amp;Hold to talk</source>
        <translation>&amp;Halten zum Sprechen</translation>
    </message>
    <message>
        <source>For loud rooms: otherwise the agent hears silence. At once.</source>
        <translation>Für laute Räume: Sonst hört der Agent Stille. Sofort.</translation>
    </message>
    <message>
        <source>Recordings</source>
        <translation>Aufnahmen</translation>
    </message>
    <message>
        <source>Keep every conversation</source>
        <translation>Jedes Gespräch aufheben</translation>
    </message>
    <message>
        <source>&amp;Record</source>
        <translation>&amp;Aufnehmen</translation>
    </message>
    <message>
        <source>Both voices and all decisions, on this computer only.</source>
        <translation>Beide Stimmen und alle Entscheidungen, nur auf diesem Rechner.</translation>
    </message>
    <message>
        <source>Ch&amp;ange…</source>
        <translation>Än&amp;dern …</translation>
    </message>
    <message>
        <source>Change the recordings' folder</source>
        <translation>Den Ordner der Aufnahmen ändern</translation>
    </message>
    <message>
        <source>&amp;Folder</source>
        <translation>&amp;Ordner</translation>
    </message>
    <message>
        <source>What is recorded already stays where it is.</source>
        <translation>Was schon aufgenommen ist, bleibt, wo es ist.</translation>
    </message>
    <message>
        <source>Keep at &amp;most</source>
        <translation>&amp;Höchstens aufheben</translation>
    </message>
    <message>
        <source>Conversations; the oldest are deleted when a new one begins.</source>
        <translation>Gespräche; die ältesten werden gelöscht, wenn ein neues beginnt.</translation>
    </message>
    <message>
        <source> GB</source>
        <translation> GB</translation>
    </message>
    <message>
        <source>&amp;Disk space</source>
        <translation>Sp&amp;eicherplatz</translation>
    </message>
    <message>
        <source>Ten hours take about one gigabyte; the oldest are deleted first.</source>
        <translation>Zehn Stunden brauchen etwa ein Gigabyte; die ältesten werden zuerst gelöscht.</translation>
    </message>
    <message>
        <source>Window</source>
        <translation>Fenster</translation>
    </message>
    <message>
        <source>as the desktop</source>
        <translation>wie der Schreibtisch</translation>
    </message>
    <message>
        <source>light</source>
        <translation>hell</translation>
    </message>
    <message>
        <source>dark</source>
        <translation>dunkel</translation>
    </message>
    <message>
        <source>Colo&amp;urs</source>
        <translation>&amp;Farben</translation>
    </message>
    <message>
        <source>At once.</source>
        <translation>Sofort.</translation>
    </message>
    <message>
        <source>Lan&amp;guage</source>
        <translation>&amp;Sprache</translation>
    </message>
    <message>
        <source>When Duologue is started again. The agent itself speaks English.</source>
        <translation>Nach einem Neustart von Duologue. Der Agent selbst spricht Englisch.</translation>
    </message>
    <message>
        <source>Models and computing</source>
        <translation>Modelle und Rechnen</translation>
    </message>
    <message>
        <source>&amp;Models…</source>
        <translation>&amp;Modelle …</translation>
    </message>
    <message>
        <source>Choose another bundle</source>
        <translation>Ein anderes Bündel wählen</translation>
    </message>
    <message>
        <source>Bundle</source>
        <translation>Bündel</translation>
    </message>
    <message>
        <source>The models that talk. In a talk the agent begins anew.</source>
        <translation>Die Modelle, die sprechen. Im Gespräch beginnt der Agent von vorn.</translation>
    </message>
    <message>
        <source>Th&amp;reads</source>
        <translation>Rechenfä&amp;den</translation>
    </message>
    <message>
        <source>For large models only; the starter is quickest with one.</source>
        <translation>Nur für große Modelle; das mitgelieferte ist mit einem am schnellsten.</translation>
    </message>
    <message>
        <source>all</source>
        <translation>alle</translation>
    </message>
    <message>
        <source>GP&amp;U layers</source>
        <translation>GP&amp;U-Schichten</translation>
    </message>
    <message>
        <source>Layers of the language model on the graphics card; helps large models.</source>
        <translation>Schichten des Sprachmodells auf der Grafikkarte; hilft großen Modellen.</translation>
    </message>
    <message>
        <source>This build of Duologue computes on the processor only.</source>
        <translation>Diese Fassung von Duologue rechnet nur auf dem Prozessor.</translation>
    </message>
    <message>
        <source>Folder for recordings</source>
        <translation>Ordner für Aufnahmen</translation>
    </message>
    <message>
        <source>cannot be used</source>
        <translation>nicht verwendbar</translation>
    </message>
    <message>
        <source>the bundle's</source>
        <translation>wie das Bündel</translation>
    </message>
    <message>
        <source>the bundle's ({0} ms)</source>
        <translation>wie das Bündel ({0} ms)</translation>
    </message>
    <message>
        <source>{0} ms</source>
        <translation>{0} ms</translation>
    </message>
</context>
<context>
    <name>SoundSettings</name>
    <message>
        <source>Sound</source>
        <translation>Ton</translation>
    </message>
    <message>
        <source>&amp;Microphone</source>
        <translation>&amp;Mikrofon</translation>
    </message>
    <message>
        <source>At once, also in a talk; the agent remembers everything.</source>
        <translation>Sofort, auch im Gespräch; der Agent vergisst nichts.</translation>
    </message>
    <message>
        <source>The system takes the echo out of this one, and much of your voice while the agent speaks: better choose the microphone itself.</source>
        <translation>Aus diesem entfernt das System das Echo, und viel von Ihrer Stimme, während der Agent spricht: besser das Mikrofon selbst wählen.</translation>
    </message>
    <message>
        <source>&amp;Try</source>
        <translation>&amp;Testen</translation>
    </message>
    <message>
        <source>Try the microphone</source>
        <translation>Das Mikrofon ausprobieren</translation>
    </message>
    <message>
        <source>Level</source>
        <translation>Pegel</translation>
    </message>
    <message>
        <source>Speak as you would in a talk: the bar should be green.</source>
        <translation>Sprechen Sie wie im Gespräch: Der Balken soll grün sein.</translation>
    </message>
    <message>
        <source>S&amp;peaker</source>
        <translation>&amp;Lautsprecher</translation>
    </message>
    <message>
        <source>Open loudspeakers will do; headphones are never needed.</source>
        <translation>Offene Lautsprecher genügen; Kopfhörer sind nie nötig.</translation>
    </message>
    <message>
        <source>Play a test &amp;sound</source>
        <translation>Testton abs&amp;pielen</translation>
    </message>
    <message>
        <source>Test sound</source>
        <translation>Testton</translation>
    </message>
    <message>
        <source>Two soft tones through the chosen speaker.</source>
        <translation>Zwei leise Töne aus dem gewählten Lautsprecher.</translation>
    </message>
    <message>
        <source> ms</source>
        <translation> ms</translation>
    </message>
    <message>
        <source>Sound card's &amp;buffer</source>
        <translation>&amp;Puffer der Soundkarte</translation>
    </message>
    <message>
        <source>Smaller answers sooner; larger helps against crackling.</source>
        <translation>Kleiner antwortet früher; größer hilft gegen Knistern.</translation>
    </message>
    <message>
        <source>Take the agent's voice out</source>
        <translation>Die Stimme des Agenten entfernen</translation>
    </message>
    <message>
        <source>&amp;Echo cancelling</source>
        <translation>&amp;Echounterdrückung</translation>
    </message>
    <message>
        <source>Without it the agent hears itself unless you wear headphones.</source>
        <translation>Ohne sie hört der Agent sich selbst, außer Sie tragen Kopfhörer.</translation>
    </message>
    <message>
        <source>Take steady noise out</source>
        <translation>Gleichmäßiges Rauschen entfernen</translation>
    </message>
    <message>
        <source>&amp;Noise suppression</source>
        <translation>&amp;Rauschunterdrückung</translation>
    </message>
    <message>
        <source>For loud fans and streets only: the agent understands clean speech worse.</source>
        <translation>Nur für laute Lüfter und Straßen: Reine Sprache versteht der Agent damit schlechter.</translation>
    </message>
    <message>
        <source>Even out how loud you are</source>
        <translation>Ihre Lautstärke ausgleichen</translation>
    </message>
    <message>
        <source>&amp;Gain control</source>
        <translation>Aussteuerun&amp;g</translation>
    </message>
    <message>
        <source>For very faint microphones only: it changes what the agent hears.</source>
        <translation>Nur für sehr leise Mikrofone: Sie verändert, was der Agent hört.</translation>
    </message>
    <message>
        <source>Stop the talk to try the devices.</source>
        <translation>Beenden Sie das Gespräch, um die Geräte zu testen.</translation>
    </message>
</context>
<context>
    <name>TalkPage</name>
    <message>
        <source>The agent hears silence until you press M again.</source>
        <translation>Der Agent hört Stille, bis Sie wieder M drücken.</translation>
    </message>
    <message>
        <source>&amp;Pause</source>
        <translation>&amp;Pause</translation>
    </message>
    <message>
        <source>Both stand still; the agent remembers everything. Key: P.</source>
        <translation>Beide halten inne; der Agent vergisst nichts. Taste: P.</translation>
    </message>
    <message>
        <source>The agent hears you only while this button or the space bar is down.</source>
        <translation>Der Agent hört Sie nur, solange dieser Knopf oder die Leertaste gedrückt ist.</translation>
    </message>
    <message>
        <source>Back to &amp;now</source>
        <translation>Zurück zum &amp;Jetzt</translation>
    </message>
    <message>
        <source>Let the picture run along with the talk again.</source>
        <translation>Das Bild wieder mit dem Gespräch laufen lassen.</translation>
    </message>
    <message>
        <source>&amp;Copy diagnostics</source>
        <translation>&amp;Diagnose kopieren</translation>
    </message>
    <message>
        <source>Versions, devices, settings and figures for a fault report; no audio inside.</source>
        <translation>Versionen, Geräte, Einstellungen und Zahlen für eine Fehlermeldung; kein Ton darin.</translation>
    </message>
    <message>
        <source>Here you will see yourself above and the agent below, as you talk.</source>
        <translation>Hier sehen Sie beim Sprechen sich oben und den Agenten unten.</translation>
    </message>
    <message>
        <source>Hold to &amp;talk</source>
        <translation>Zum Sprechen &amp;halten</translation>
    </message>
    <message>
        <source>Copied. Paste it into your report; no audio is inside.</source>
        <translation>Kopiert. Fügen Sie es in Ihre Meldung ein; es ist kein Ton darin.</translation>
    </message>
    <message>
        <source>Checking the models' files.</source>
        <translation>Die Dateien der Modelle werden geprüft.</translation>
    </message>
    <message>
        <source>Loading the models.</source>
        <translation>Die Modelle werden geladen.</translation>
    </message>
    <message>
        <source>Opening microphone and speaker.</source>
        <translation>Mikrofon und Lautsprecher werden geöffnet.</translation>
    </message>
    <message>
        <source>&amp;Stop  (Esc)</source>
        <translation>&amp;Beenden  (Esc)</translation>
    </message>
    <message>
        <source>&amp;Start talking</source>
        <translation>Gespräch &amp;beginnen</translation>
    </message>
    <message>
        <source>Un&amp;mute</source>
        <translation>Stu&amp;mm aus</translation>
    </message>
    <message>
        <source>&amp;Mute</source>
        <translation>Stu&amp;mm</translation>
    </message>
    <message>
        <source>&amp;Go on</source>
        <translation>&amp;Weiter</translation>
    </message>
    <message>
        <source>Hold to talk</source>
        <translation>Zum Sprechen halten</translation>
    </message>
    <message>
        <source>Hold the space bar while you speak; until then the agent hears silence. The microphone itself stays open; Stop closes it.</source>
        <translation>Halten Sie die Leertaste, während Sie sprechen; bis dahin hört der Agent Stille. Das Mikrofon selbst bleibt offen; „Beenden“ schließt es.</translation>
    </message>
    <message>
        <source>Ready to talk</source>
        <translation>Bereit zum Gespräch</translation>
    </message>
    <message>
        <source>The microphone is muted: the agent will hear silence until you press M.</source>
        <translation>Das Mikrofon ist stumm: Der Agent wird Stille hören, bis Sie M drücken.</translation>
    </message>
    <message>
        <source>Press the button and just speak. You need no headphones, and you may interrupt at any time. Nothing leaves this computer.</source>
        <translation>Drücken Sie den Knopf und sprechen Sie einfach. Kopfhörer brauchen Sie nicht, und unterbrechen dürfen Sie jederzeit. Nichts verlässt diesen Rechner.</translation>
    </message>
    <message>
        <source>One moment</source>
        <translation>Einen Augenblick</translation>
    </message>
    <message>
        <source>Listening</source>
        <translation>Ich höre zu</translation>
    </message>
    <message>
        <source>Say something.</source>
        <translation>Sagen Sie etwas.</translation>
    </message>
    <message>
        <source>The microphone gives no sound</source>
        <translation>Das Mikrofon gibt keinen Ton</translation>
    </message>
    <message>
        <source>It is switched off, muted, or the system keeps it from programs. Look at its switch and at the system's settings, or choose another in the settings here.</source>
        <translation>Es ist ausgeschaltet, stumm, oder das System hält es zurück. Sehen Sie nach seinem Schalter und den Einstellungen des Systems, oder wählen Sie hier ein anderes.</translation>
    </message>
    <message>
        <source>You speak</source>
        <translation>Sie sprechen</translation>
    </message>
    <message>
        <source>The agent listens.</source>
        <translation>Der Agent hört zu.</translation>
    </message>
    <message>
        <source>The agent speaks</source>
        <translation>Der Agent spricht</translation>
    </message>
    <message>
        <source>Interrupt it whenever you like; it hears you.</source>
        <translation>Unterbrechen Sie ihn, wann Sie wollen; er hört Sie.</translation>
    </message>
    <message>
        <source>Both speak</source>
        <translation>Beide sprechen</translation>
    </message>
    <message>
        <source>The agent hears you meanwhile.</source>
        <translation>Der Agent hört Sie dabei.</translation>
    </message>
    <message>
        <source>Late</source>
        <translation>Zu spät</translation>
    </message>
    <message>
        <source>The computer is too slow at this moment. Close other programs, or choose longer chunks in the settings.</source>
        <translation>Der Rechner ist gerade zu langsam. Schließen Sie andere Programme, oder wählen Sie in den Einstellungen längere Abschnitte.</translation>
    </message>
    <message>
        <source>Paused</source>
        <translation>Angehalten</translation>
    </message>
    <message>
        <source>Press P to go on. The microphone stays open, and nobody hears or keeps its sound; Stop closes it.</source>
        <translation>P drücken, um fortzufahren. Das Mikrofon bleibt offen, doch niemand hört oder behält seinen Ton; „Beenden“ schließt es.</translation>
    </message>
    <message>
        <source>The agent hears silence, and silence is recorded. Press M to be heard. The microphone itself stays open; Stop closes it.</source>
        <translation>Der Agent hört Stille, und Stille wird aufgenommen. M drücken, um gehört zu werden. Das Mikrofon selbst bleibt offen; „Beenden“ schließt es.</translation>
    </message>
    <message>
        <source>Microphone muted</source>
        <translation>Mikrofon stumm</translation>
    </message>
    <message>
        <source>No microphone or speaker</source>
        <translation>Kein Mikrofon oder Lautsprecher</translation>
    </message>
    <message>
        <source>Plug one in or choose another in the settings; the talk goes on by itself and remembers everything.</source>
        <translation>Schließen Sie eines an oder wählen Sie in den Einstellungen ein anderes; das Gespräch geht von selbst weiter und vergisst nichts.</translation>
    </message>
    <message>
        <source>Stopping</source>
        <translation>Es wird beendet</translation>
    </message>
    <message>
        <source>Finishing the recording.</source>
        <translation>Die Aufnahme wird abgeschlossen.</translation>
    </message>
</context>
<context>
    <name>WaveformView</name>
    <message>
        <source>Waveforms of both speakers</source>
        <translation>Wellenformen beider Sprecher</translation>
    </message>
    <message>
        <source>You above, the agent below, on one time axis. Plus and minus zoom, the arrow keys scroll, Home shows the beginning, End follows the talk.</source>
        <translation>Sie oben, der Agent unten, auf einer Zeitachse. Plus und Minus vergrößern und verkleinern, die Pfeiltasten rollen, Pos1 zeigt den Anfang, Ende folgt dem Gespräch.</translation>
    </message>
    <message>
        <source>You</source>
        <translation>Sie</translation>
    </message>
    <message>
        <source>Agent</source>
        <translation>Agent</translation>
    </message>
    <message>
        <source>both speak</source>
        <translation>beide sprechen</translation>
    </message>
    <message>
        <source>you speak</source>
        <translation>Sie sprechen</translation>
    </message>
    <message>
        <source>the agent speaks</source>
        <translation>der Agent spricht</translation>
    </message>
    <message>
        <source>chunk {0}: estimated</source>
        <translation>Abschnitt {0}: geschätzt</translation>
    </message>
    <message>
        <source>chunk {0}: foreseen by the model</source>
        <translation>Abschnitt {0}: vom Modell vorausgesehen</translation>
    </message>
    <message>
        <source>chunk {0}: not foreseen, replaced</source>
        <translation>Abschnitt {0}: nicht vorausgesehen, ersetzt</translation>
    </message>
    <message>
        <source>chunk {0}: lost, the estimate stood in</source>
        <translation>Abschnitt {0}: verloren, die Schätzung sprang ein</translation>
    </message>
    <message>
        <source>the agent shows that it listens</source>
        <translation>der Agent zeigt, dass er zuhört</translation>
    </message>
    <message>
        <source>you interrupt</source>
        <translation>Sie unterbrechen</translation>
    </message>
    <message>
        <source>the agent begins while you speak</source>
        <translation>der Agent beginnt, während Sie sprechen</translation>
    </message>
    <message>
        <source>the agent yields</source>
        <translation>der Agent gibt nach</translation>
    </message>
    <message>
        <source>the agent's chunk came late</source>
        <translation>der Abschnitt des Agenten kam zu spät</translation>
    </message>
    <message>
        <source>your chunk was lost</source>
        <translation>Ihr Abschnitt ging verloren</translation>
    </message>
    <message>
        <source>device</source>
        <translation>Gerät</translation>
    </message>
    <message>
        <source>pause</source>
        <translation>Pause</translation>
    </message>
</context>
</TS>
