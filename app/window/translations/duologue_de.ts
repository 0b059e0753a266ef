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
        <source>Show the folder that holds the recordings.</source>
        <translation>Den Ordner mit den Aufnahmen zeigen.</translation>
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
        <source>Play both speakers. Click the waveform to jump to a moment.</source>
        <translation>Beide Sprecher abspielen. Ein Klick in die Wellenform springt an diese Stelle.</translation>
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
        <source>Delete the recording permanently.</source>
        <translation>Die Aufnahme endgültig löschen.</translation>
    </message>
    <message>
        <source>damaged</source>
        <translation>beschädigt</translation>
    </message>
    <message>
        <source>There are no recordings yet. Conversations are recorded while “Record” is on in the settings. Recordings stay on this computer.</source>
        <translation>Es gibt noch keine Aufnahmen. Gespräche werden aufgenommen, solange „Aufnehmen“ in den Einstellungen an ist. Aufnahmen bleiben auf diesem Rechner.</translation>
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
        <source>ended unexpectedly</source>
        <translation>unerwartet beendet</translation>
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
        <source>The folder is created with the first recording.</source>
        <translation>Der Ordner wird mit der ersten Aufnahme angelegt.</translation>
    </message>
    <message>
        <source>The recordings are in {0}.</source>
        <translation>Die Aufnahmen liegen in {0}.</translation>
    </message>
    <message>
        <source>Rename</source>
        <translation>Umbenennen</translation>
    </message>
    <message>
        <source>Name (leave empty to show the date):</source>
        <translation>Name (leer lassen, um das Datum zu zeigen):</translation>
    </message>
    <message>
        <source>Delete the recording?</source>
        <translation>Die Aufnahme löschen?</translation>
    </message>
    <message>
        <source>The sound and the events of “{0}” will be deleted permanently.</source>
        <translation>Ton und Ereignisse von „{0}“ werden endgültig gelöscht.</translation>
    </message>
    <message>
        <source>E&amp;vents</source>
        <translation>&amp;Ereignisse</translation>
    </message>
    <message>
        <source>Events and transcript</source>
        <translation>Ereignisse und Mitschrift</translation>
    </message>
    <message>
        <source>&amp;Words</source>
        <translation>&amp;Worte</translation>
    </message>
</context>
<context>
    <name>DeviceComboBox</name>
    <message>
        <source>system default</source>
        <translation>Standardgerät des Systems</translation>
    </message>
    <message>
        <source>system default ({0})</source>
        <translation>Standardgerät des Systems ({0})</translation>
    </message>
    <message>
        <source>{0} (echo cancelled by the system)</source>
        <translation>{0} (Echo vom System entfernt)</translation>
    </message>
    <message>
        <source>{0} (not connected)</source>
        <translation>{0} (nicht angeschlossen)</translation>
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
        <source>Duologue is a voice assistant that listens while it speaks. First, test your microphone: press the button and say a few words. Nothing is recorded, and nothing leaves this computer.</source>
        <translation>Duologue ist ein Sprachassistent, der zuhört, während er spricht. Testen Sie zuerst Ihr Mikrofon: Drücken Sie den Knopf und sagen Sie ein paar Worte. Nichts wird aufgenommen, und nichts verlässt diesen Rechner.</translation>
    </message>
    <message>
        <source>Microphone</source>
        <translation>Mikrofon</translation>
    </message>
    <message>
        <source>&amp;Test the microphone</source>
        <translation>Mikrofon &amp;testen</translation>
    </message>
    <message>
        <source>&amp;Next</source>
        <translation>&amp;Weiter</translation>
    </message>
    <message>
        <source>&amp;Skip the setup</source>
        <translation>Einrichtung über&amp;springen</translation>
    </message>
    <message>
        <source>The speaker</source>
        <translation>Der Lautsprecher</translation>
    </message>
    <message>
        <source>Duologue plays two soft tones. Loudspeakers are fine; you do not need headphones.</source>
        <translation>Duologue spielt zwei leise Töne. Lautsprecher genügen; Kopfhörer brauchen Sie nicht.</translation>
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
        <source>Duologue can measure your room and your computer, and then suggest settings. You will hear chirps and speech for about 15 seconds. Please be quiet.</source>
        <translation>Duologue kann Raum und Rechner ausmessen und danach Einstellungen vorschlagen. Etwa 15 Sekunden lang hören Sie Zirpen und Sprache. Bitte seien Sie so lange still.</translation>
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
        <source>&amp;Skip this step</source>
        <translation>Schritt aus&amp;lassen</translation>
    </message>
    <message>
        <source>Suggested settings</source>
        <translation>Vorgeschlagene Einstellungen</translation>
    </message>
    <message>
        <source>Measurement finished</source>
        <translation>Messung beendet</translation>
    </message>
    <message>
        <source>&amp;Use these settings</source>
        <translation>Einstellungen über&amp;nehmen</translation>
    </message>
    <message>
        <source>Do not change &amp;my settings</source>
        <translation>Meine Einstellungen &amp;behalten</translation>
    </message>
    <message>
        <source>Your microphone works. Press “Next” to continue.</source>
        <translation>Ihr Mikrofon funktioniert. Drücken Sie „Weiter“.</translation>
    </message>
    <message>
        <source>&amp;Cancel</source>
        <translation>Ab&amp;brechen</translation>
    </message>
</context>
<context>
    <name>Legend</name>
    <message>
        <source>estimated correctly</source>
        <translation>richtig geschätzt</translation>
    </message>
    <message>
        <source>estimated wrongly</source>
        <translation>falsch geschätzt</translation>
    </message>
    <message>
        <source>both speak</source>
        <translation>beide sprechen</translation>
    </message>
    <message>
        <source>estimate of your next chunk</source>
        <translation>Schätzung Ihres nächsten Abschnitts</translation>
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
        <source>the agent interrupts</source>
        <translation>der Agent unterbricht</translation>
    </message>
    <message>
        <source>late chunk</source>
        <translation>später Abschnitt</translation>
    </message>
    <message>
        <source>Turn the mouse wheel to scroll. Hold Ctrl as well to zoom.</source>
        <translation>Das Mausrad verschiebt das Bild. Mit Strg vergrößert und verkleinert es.</translation>
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
        <source>The settings cannot be saved in {0} ({1}); they apply until you close Duologue.</source>
        <translation>Die Einstellungen können in {0} nicht gespeichert werden ({1}); sie gelten, bis Sie Duologue beenden.</translation>
    </message>
    <message>
        <source>The new language is used the next time Duologue starts.</source>
        <translation>Die neue Sprache gilt ab dem nächsten Start von Duologue.</translation>
    </message>
</context>
<context>
    <name>MetricsPanel</name>
    <message>
        <source>Response</source>
        <translation>Antwortzeit</translation>
    </message>
    <message>
        <source>Time from the end of your speech to the start of the agent's answer: the median of the last nine answers, to 50 ms. The sound card's own delay is not included.</source>
        <translation>Zeit vom Ende Ihrer Worte bis zum Beginn der Antwort: Median der letzten neun Antworten, auf 50 ms genau. Die Verzögerung der Soundkarte ist nicht enthalten.</translation>
    </message>
    <message>
        <source>Chunk time</source>
        <translation>Rechenzeit</translation>
    </message>
    <message>
        <source>How long the models take for one chunk, and how long they may take. Shown are the median and the maximum of the last fifty chunks.</source>
        <translation>Wie lange die Modelle für einen Abschnitt brauchen und wie lange sie brauchen dürfen. Gezeigt werden Median und Maximum der letzten fünfzig Abschnitte.</translation>
    </message>
    <message>
        <source>Hit rate</source>
        <translation>Trefferquote</translation>
    </message>
    <message>
        <source>Share of your chunks that the model estimated exactly, silence included.</source>
        <translation>Anteil Ihrer Abschnitte, die das Modell genau geschätzt hat, Stille eingeschlossen.</translation>
    </message>
    <message>
        <source>Lag</source>
        <translation>Rückstand</translation>
    </message>
    <message>
        <source>How far the engine is behind the sound card right now.</source>
        <translation>Wie weit die Berechnung gerade hinter der Soundkarte zurückliegt.</translation>
    </message>
    <message>
        <source>Drops</source>
        <translation>Ausfälle</translation>
    </message>
    <message>
        <source>Late chunks, lost sound and gaps since the conversation began.</source>
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
        <translation>{0} spät, {1} Lücken, {2:.1f} s weg</translation>
    </message>
</context>
<context>
    <name>Bundles</name>
    <message>
        <source>A bundle contains all models that an agent needs to listen, think and speak. Bundles stay on this computer. Nothing is downloaded unless you ask for it here.</source>
        <translation>Ein Bündel enthält alle Modelle, die ein Agent zum Hören, Denken und Sprechen braucht. Bündel bleiben auf diesem Rechner. Nur was Sie hier anfordern, wird heruntergeladen.</translation>
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
        <source>The next conversation uses this bundle.</source>
        <translation>Das nächste Gespräch verwendet dieses Bündel.</translation>
    </message>
    <message>
        <source>De&amp;lete</source>
        <translation>&amp;Löschen</translation>
    </message>
    <message>
        <source>Delete the bundle's files permanently.</source>
        <translation>Die Dateien des Bündels endgültig löschen.</translation>
    </message>
    <message>
        <source>Import &amp;folder…</source>
        <translation>&amp;Ordner importieren …</translation>
    </message>
    <message>
        <source>Copy a bundle from a folder.</source>
        <translation>Ein Bündel aus einem Ordner kopieren.</translation>
    </message>
    <message>
        <source>Import &amp;archive…</source>
        <translation>A&amp;rchiv importieren …</translation>
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
        <translation>Hugging-Face-Repository</translation>
    </message>
    <message>
        <source>A repository on Hugging Face that contains a Duologue bundle.</source>
        <translation>Ein Repository auf Hugging Face, das ein Duologue-Bündel enthält.</translation>
    </message>
    <message>
        <source>Down&amp;load from Hugging Face</source>
        <translation>Von &amp;Hugging Face herunterladen</translation>
    </message>
    <message>
        <source>Download the bundle of this repository. Duologue uses the network for nothing else.</source>
        <translation>Das Bündel dieses Repositorys herunterladen. Für nichts anderes benutzt Duologue das Netz.</translation>
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
        <source>Stop. The next download continues from there.</source>
        <translation>Anhalten. Das nächste Herunterladen geht dort weiter.</translation>
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
        <source>This model card is too long to format. This is its plain text.</source>
        <translation>Diese Modellkarte ist zu lang zum Formatieren. Dies ist ihr reiner Text.</translation>
    </message>
    <message>
        <source>Delete the bundle?</source>
        <translation>Das Bündel löschen?</translation>
    </message>
    <message>
        <source>{0} ({1} MB) will be deleted permanently.</source>
        <translation>{0} ({1} MB) wird endgültig gelöscht.</translation>
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
        <translation>{0} wird importiert.</translation>
    </message>
    <message>
        <source>Downloading {0}.</source>
        <translation>{0} wird heruntergeladen.</translation>
    </message>
    <message>
        <source>Stopped. The next download continues from there.</source>
        <translation>Angehalten. Das nächste Herunterladen geht dort weiter.</translation>
    </message>
    <message>
        <source>Installed. Press “Use this bundle” to use it.</source>
        <translation>Installiert. Drücken Sie „Dieses Bündel verwenden“, um es zu verwenden.</translation>
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
        <source>The microphone does not hear the speaker (no echo within {0} s): you are wearing headphones, or one of the two is off. Then there is no echo to cancel.</source>
        <translation>Das Mikrofon hört den Lautsprecher nicht (kein Echo innerhalb von {0} s): Sie tragen Kopfhörer, oder eines von beiden ist aus. Dann gibt es kein Echo, das stört.</translation>
    </message>
    <message>
        <source>The microphone hears more while the speaker plays, but no echo was found within {0} s; measure again and stay quiet, and if nothing changes, wear headphones.</source>
        <translation>Das Mikrofon hört mehr, während der Lautsprecher spielt, aber innerhalb von {0} s war kein Echo zu finden; messen Sie noch einmal und seien Sie dabei still, und wenn sich nichts ändert, tragen Sie Kopfhörer.</translation>
    </message>
    <message>
        <source>Sound card buffer {0} ms: sound takes {1} ms from speaker to microphone, mostly because of the buffers of {2} ms that you set. The echo canceller covers only {3} ms.</source>
        <translation>Puffer der Soundkarte {0} ms: Der Ton braucht {1} ms vom Lautsprecher zum Mikrofon, vor allem wegen der Puffer von {2} ms, die Sie eingestellt haben. Die Echounterdrückung reicht nur {3} ms weit.</translation>
    </message>
    <message>
        <source>Sound takes {0} ms from speaker to microphone, but the echo canceller covers only {1} ms, so the agent would hear itself; wear headphones, use a speaker with a cable (Bluetooth and AirPlay are slow), or switch hold-to-talk on.</source>
        <translation>Der Ton braucht {0} ms vom Lautsprecher zum Mikrofon, aber die Echounterdrückung reicht nur {1} ms weit, der Agent würde also sich selbst hören; tragen Sie Kopfhörer, nehmen Sie einen Lautsprecher mit Kabel (Bluetooth und AirPlay sind langsam), oder schalten Sie „Halten zum Sprechen“ ein.</translation>
    </message>
    <message>
        <source>Part of that time comes from the buffers of {0} ms that you set.</source>
        <translation>Ein Teil dieser Zeit kommt von den Puffern von {0} ms, die Sie eingestellt haben.</translation>
    </message>
    <message>
        <source>The sound server does not answer; wait a moment, or log out and in again.</source>
        <translation>Der Soundserver antwortet nicht; warten Sie einen Moment, oder melden Sie sich ab und wieder an.</translation>
    </message>
    <message>
        <source>The sound server has stopped, so no devices can be found; log out and in again.</source>
        <translation>Der Soundserver läuft nicht mehr, darum sind keine Geräte zu finden; melden Sie sich ab und wieder an.</translation>
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
        <source>The microphone {0} cannot be chosen (several have that name); choose one of: {1}.</source>
        <translation>Das Mikrofon {0} ist nicht eindeutig; wählen Sie eines von: {1}.</translation>
    </message>
    <message>
        <source>The speaker {0} cannot be chosen (several have that name); choose one of: {1}.</source>
        <translation>Der Lautsprecher {0} ist nicht eindeutig; wählen Sie einen von: {1}.</translation>
    </message>
    <message>
        <source>The microphone {0} cannot be chosen (none has that name); choose one of: {1}.</source>
        <translation>Ein Mikrofon {0} gibt es nicht; wählen Sie eines von: {1}.</translation>
    </message>
    <message>
        <source>The speaker {0} cannot be chosen (none has that name); choose one of: {1}.</source>
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
        <translation>Das Mikrofon {0} ist nicht mehr da; schließen Sie es wieder an.</translation>
    </message>
    <message>
        <source>The speaker {0} is gone; plug it in again.</source>
        <translation>Der Lautsprecher {0} ist nicht mehr da; schließen Sie ihn wieder an.</translation>
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
        <source>The system's sound does not answer; wait a moment, or restart the computer.</source>
        <translation>Der Ton des Systems antwortet nicht; warten Sie einen Moment, oder starten Sie den Computer neu.</translation>
    </message>
    <message>
        <source>The sound card has stopped; Duologue is opening it again.</source>
        <translation>Die Soundkarte hat angehalten; Duologue öffnet sie neu.</translation>
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
        <translation>Windows erlaubt Duologue das Mikrofon {0} nicht; erlauben Sie es in Einstellungen, Datenschutz und Sicherheit, Mikrofon.</translation>
    </message>
    <message>
        <source>The microphone {0} gives digital silence; check in the system's sound settings and on the device that it is not muted.</source>
        <translation>Das Mikrofon {0} liefert nur digitale Stille; prüfen Sie in den Klangeinstellungen des Systems und am Gerät, ob es stummgeschaltet ist.</translation>
    </message>
    <message>
        <source>The microphone {0} gives digital silence; allow Duologue in System Settings, Privacy &amp; Security, Microphone.</source>
        <translation>Das Mikrofon {0} liefert nur digitale Stille; erlauben Sie es Duologue in Systemeinstellungen, Datenschutz &amp; Sicherheit, Mikrofon.</translation>
    </message>
    <message>
        <source>The microphone {0} gives digital silence; allow it in Settings, Privacy &amp; security, Microphone, and check its mute switch.</source>
        <translation>Das Mikrofon {0} liefert nur digitale Stille; erlauben Sie es in Einstellungen, Datenschutz und Sicherheit, Mikrofon, und prüfen Sie seinen Stummschalter.</translation>
    </message>
    <message>
        <source>The microphone {0} now gives sound.</source>
        <translation>Das Mikrofon {0} liefert jetzt Ton.</translation>
    </message>
    <message>
        <source>The system removes the echo from {0}, and with it much of your voice while the agent speaks; choose the microphone itself.</source>
        <translation>Das System entfernt das Echo aus {0} und damit viel von Ihrer Stimme, während der Agent spricht; wählen Sie das Mikrofon selbst.</translation>
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
        <source>The sound card's buffer is now {0} ms.</source>
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
        <source>The microphone {0} now runs at {1} Hz.</source>
        <translation>Das Mikrofon {0} läuft jetzt mit {1} Hz.</translation>
    </message>
    <message>
        <source>The speaker {0} now runs at {1} Hz.</source>
        <translation>Der Lautsprecher {0} läuft jetzt mit {1} Hz.</translation>
    </message>
    <message>
        <source>Sound is back: {0} and {1} ({2} is not connected).</source>
        <translation>Der Ton ist wieder da: {0} und {1} ({2} ist nicht angeschlossen).</translation>
    </message>
    <message>
        <source>Sound is back: {0} and {1}.</source>
        <translation>Der Ton ist wieder da: {0} und {1}.</translation>
    </message>
    <message>
        <source>The sound card delivers too little sound; Duologue is opening it again.</source>
        <translation>Die Soundkarte liefert zu wenig Ton; Duologue öffnet sie neu.</translation>
    </message>
    <message>
        <source>The sound card is gone; the conversation waits until there is one.</source>
        <translation>Die Soundkarte ist nicht mehr da; das Gespräch wartet, bis es eine gibt.</translation>
    </message>
    <message>
        <source>The conversation is using the sound card; stop it first.</source>
        <translation>Das Gespräch benutzt die Soundkarte; beenden Sie es zuerst.</translation>
    </message>
    <message>
        <source>The sound card is still being tested; try again.</source>
        <translation>Die Soundkarte wird noch getestet; versuchen Sie es noch einmal.</translation>
    </message>
    <message>
        <source>Chunk length {0} ms: the shortest that this computer handles easily (99 of 100 chunks take at most {1} ms).</source>
        <translation>Abschnitte von {0} ms: die kürzesten, die dieser Rechner mühelos schafft (99 von 100 brauchen höchstens {1} ms).</translation>
    </message>
    <message>
        <source>Chunk length {0} ms: the engine needs up to {1} ms for one chunk, so other programs can make it late; close programs that you do not need.</source>
        <translation>Abschnitte von {0} ms: Einer braucht bis zu {1} ms, andere Programme können ihn also verspäten; beenden Sie Programme, die Sie nicht brauchen.</translation>
    </message>
    <message>
        <source>This computer is too slow for this bundle (it needs {0} ms for a chunk of {1} ms), so the agent will stutter; choose a smaller bundle.</source>
        <translation>Dieser Rechner ist zu langsam für dieses Bündel (er braucht {0} ms für einen Abschnitt von {1} ms), darum wird der Agent stottern; wählen Sie ein kleineres Bündel.</translation>
    </message>
    <message>
        <source>Latency {0} ms, one chunk: the engine has the time of one chunk to compute, and the model estimates one chunk that it has not heard. On a fast computer, half of it lets the agent understand more and wait less in your pauses.</source>
        <translation>Latenz {0} ms, ein Abschnitt: Zum Rechnen bleibt die Zeit eines Abschnitts, und das Modell schätzt den einen, den es noch nicht gehört hat. Mit der Hälfte versteht der Agent auf einem schnellen Rechner mehr und wartet in Ihren Pausen weniger.</translation>
    </message>
    <message>
        <source>Sound card buffer {0} ms: the sound had {1} gaps with {2} ms.</source>
        <translation>Puffer der Soundkarte {0} ms: Mit {2} ms hatte der Ton {1} Lücken.</translation>
    </message>
    <message>
        <source>The echo is reduced by only {0} dB; turn the speaker down, or wear headphones.</source>
        <translation>Das Echo wird nur um {0} dB gesenkt; stellen Sie den Lautsprecher leiser, oder tragen Sie Kopfhörer.</translation>
    </message>
    <message>
        <source>The sound card delivers almost no sound; plug it in again, or close programs that keep the computer busy.</source>
        <translation>Die Soundkarte liefert kaum Ton; schließen Sie sie noch einmal an, oder beenden Sie Programme, die den Rechner beschäftigen.</translation>
    </message>
    <message>
        <source>The engine has failed ({0}); start again, and please report it. The recording so far is kept.</source>
        <translation>Die Berechnung ist fehlgeschlagen ({0}); beginnen Sie noch einmal, und melden Sie es bitte. Die bisherige Aufnahme bleibt erhalten.</translation>
    </message>
    <message>
        <source>The models produced values that are not numbers, and silence replaces them; choose another bundle if the agent stays silent.</source>
        <translation>Die Modelle haben Werte geliefert, die keine Zahlen sind; Stille ersetzt sie. Wählen Sie ein anderes Bündel, wenn der Agent stumm bleibt.</translation>
    </message>
    <message>
        <source>The conversation was stopped before it began.</source>
        <translation>Das Gespräch wurde beendet, bevor es begann.</translation>
    </message>
    <message>
        <source>The conversation has failed ({0}); please report it.</source>
        <translation>Das Gespräch ist fehlgeschlagen ({0}); melden Sie es bitte.</translation>
    </message>
    <message>
        <source>Something unexpected failed ({0}); please report it with {1}.</source>
        <translation>Ein unerwarteter Fehler ist aufgetreten ({0}); melden Sie ihn bitte mit {1}.</translation>
    </message>
    <message>
        <source>Something unexpected failed ({0}) and no log can be written; please report it.</source>
        <translation>Ein unerwarteter Fehler ist aufgetreten ({0}), und es kann kein Protokoll geschrieben werden; melden Sie ihn bitte.</translation>
    </message>
    <message>
        <source>There is not enough memory for that; close other programs, or ask for less.</source>
        <translation>Dafür reicht der Speicher nicht; schließen Sie andere Programme, oder verlangen Sie weniger.</translation>
    </message>
    <message>
        <source>The recording in {0} has ended ({1}). The conversation goes on; free some disk space or choose another folder, then record again.</source>
        <translation>Die Aufnahme in {0} ist beendet ({1}). Das Gespräch geht weiter; schaffen Sie Platz oder wählen Sie einen anderen Ordner, und nehmen Sie dann neu auf.</translation>
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
        <source>The conversation is being recorded; stop it first.</source>
        <translation>Das Gespräch wird gerade aufgenommen; beenden Sie es zuerst.</translation>
    </message>
    <message>
        <source>{0} belongs to a recording; choose another name.</source>
        <translation>{0} gehört zu einer Aufnahme; wählen Sie einen anderen Namen.</translation>
    </message>
    <message>
        <source>{0} is missing; export the rest in another format.</source>
        <translation>{0} fehlt; exportieren Sie den Rest in einem anderen Format.</translation>
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
        <source>{0} could not be deleted completely; close programs that use it, or delete it yourself.</source>
        <translation>{0} ließ sich nicht ganz löschen; beenden Sie Programme, die es benutzen, oder löschen Sie es selbst.</translation>
    </message>
    <message>
        <source>{0} is not a recorded conversation; choose another.</source>
        <translation>{0} ist kein aufgenommenes Gespräch; wählen Sie ein anderes.</translation>
    </message>
    <message>
        <source>{0} is not a recorded conversation; choose the folder of one.</source>
        <translation>{0} ist kein aufgenommenes Gespräch; wählen Sie den Ordner eines solchen.</translation>
    </message>
    <message>
        <source>{0} was written by another version of Duologue; open it with that version.</source>
        <translation>{0} stammt von einer anderen Version von Duologue; öffnen Sie es mit dieser.</translation>
    </message>
    <message>
        <source>{0} cannot be read ({1}); choose the folder of a recorded conversation.</source>
        <translation>{0} ist nicht lesbar ({1}); wählen Sie den Ordner eines aufgenommenen Gesprächs.</translation>
    </message>
    <message>
        <source>{0} is damaged in line {1}; choose another recorded conversation.</source>
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
        <source>The settings in {0} are damaged and cannot be renamed ({1}); the defaults are used, but nothing is recorded or deleted.</source>
        <translation>Die Einstellungen in {0} sind beschädigt und lassen sich nicht umbenennen ({1}); es gelten die Vorgaben, aber nichts wird aufgenommen oder gelöscht.</translation>
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
        <source>The settings in {0} are from a newer Duologue and cannot be renamed ({1}); the defaults are used, but nothing is recorded or deleted.</source>
        <translation>Die Einstellungen in {0} stammen von einem neueren Duologue und lassen sich nicht umbenennen ({1}); es gelten die Vorgaben, aber nichts wird aufgenommen oder gelöscht.</translation>
    </message>
    <message>
        <source>{0} is missing or has the wrong size; install the bundle again.</source>
        <translation>{0} fehlt oder hat die falsche Größe; installieren Sie das Bündel noch einmal.</translation>
    </message>
    <message>
        <source>{0} comes with Duologue and cannot be deleted.</source>
        <translation>{0} gehört zu Duologue und lässt sich nicht löschen.</translation>
    </message>
    <message>
        <source>{0} is not a repository name; write it as owner/name.</source>
        <translation>{0} ist kein Repository-Name; schreiben Sie ihn als Besitzer/Name.</translation>
    </message>
    <message>
        <source>This build of ONNX Runtime has no {0}.</source>
        <translation>Diese ONNX Runtime hat kein {0}.</translation>
    </message>
    <message>
        <source>{0} cannot be started; its libraries or its driver are missing.</source>
        <translation>{0} lässt sich nicht starten; Bibliotheken oder Treiber fehlen.</translation>
    </message>
    <message>
        <source>{0} cannot open {1}.</source>
        <translation>{0} kann {1} nicht öffnen.</translation>
    </message>
    <message>
        <source>This conversation goes without the assistant.</source>
        <translation>Dieses Gespräch läuft ohne den Assistenten.</translation>
    </message>
    <message>
        <source>{0} is damaged; install that part again.</source>
        <translation>{0} ist beschädigt; installieren Sie diesen Zusatz erneut.</translation>
    </message>
    <message>
        <source>{0} could not be deleted completely ({1}); end the conversation that uses it, or delete it yourself.</source>
        <translation>{0} konnte nicht vollständig gelöscht werden ({1}); beenden Sie das Gespräch, das es benutzt, oder löschen Sie es selbst.</translation>
    </message>
    <message>
        <source>{0} is no manifest of a part that this Duologue can use ({1}); get the part for this version.</source>
        <translation>{0} ist kein Verzeichnis eines Zusatzes, den dieses Duologue benutzen kann ({1}); besorgen Sie den Zusatz für diese Version.</translation>
    </message>
    <message>
        <source>The disk of {0} has {1} MB free, but {2} MB are needed; free some space and try again.</source>
        <translation>Auf dem Datenträger von {0} sind {1} MB frei, gebraucht werden {2} MB; schaffen Sie Platz und versuchen Sie es noch einmal.</translation>
    </message>
    <message>
        <source>{0} cannot be listed ({1}); check the folder's permissions.</source>
        <translation>{0} lässt sich nicht auflisten ({1}); prüfen Sie die Zugriffsrechte des Ordners.</translation>
    </message>
    <message>
        <source>Nothing could be installed in {0} ({1}); free some disk space, or check the folder's permissions.</source>
        <translation>In {0} ließ sich nichts installieren ({1}); schaffen Sie Platz auf dem Datenträger, oder prüfen Sie die Zugriffsrechte des Ordners.</translation>
    </message>
    <message>
        <source>{0} cannot be read ({1}); install that part again.</source>
        <translation>{0} kann nicht gelesen werden ({1}); installieren Sie diesen Zusatz erneut.</translation>
    </message>
    <message>
        <source>{0} holds no working model for hearing ({1}); install that part again.</source>
        <translation>{0} enthält kein brauchbares Modell zum Hören ({1}); installieren Sie diesen Zusatz erneut.</translation>
    </message>
    <message>
        <source>{0} is missing or is no vocabulary ({1}); install the part for hearing again.</source>
        <translation>{0} fehlt oder ist kein Wortschatz ({1}); installieren Sie den Zusatz zum Hören erneut.</translation>
    </message>
    <message>
        <source>The part that hears your words has stopped, so the conversation goes on without them; start another conversation to try again.</source>
        <translation>Der Zusatz, der Ihre Worte hört, ist stehen geblieben; das Gespräch geht ohne sie weiter. Beginnen Sie ein neues, um es wieder zu versuchen.</translation>
    </message>
    <message>
        <source>{0} contains no bundle or part ({1} is missing); choose the folder of one, or an archive of it.</source>
        <translation>{0} enthält weder Bündel noch Zusatz ({1} fehlt); wählen Sie dessen Ordner oder ein Archiv davon.</translation>
    </message>
    <message>
        <source>{0} is damaged ({1}); get it again.</source>
        <translation>{0} ist beschädigt ({1}); besorgen Sie es noch einmal.</translation>
    </message>
    <message>
        <source>The server refused {0} ({1}); check that the repository is public, or try again later.</source>
        <translation>Der Server hat {0} verweigert ({1}); prüfen Sie, ob das Repository öffentlich ist, oder versuchen Sie es später noch einmal.</translation>
    </message>
    <message>
        <source>The download stopped ({0}); check the connection and download again. It continues where it stopped.</source>
        <translation>Das Herunterladen brach ab ({0}); prüfen Sie die Verbindung und laden Sie noch einmal herunter. Es geht dort weiter, wo es aufgehört hat.</translation>
    </message>
    <message>
        <source>The server sent a web page instead of {0}; the network or the repository may require a login. Open that address in a browser, then download again.</source>
        <translation>Der Server hat statt {0} eine Webseite geschickt; das Netz oder das Repository verlangt vielleicht eine Anmeldung. Öffnen Sie diese Adresse in einem Browser, und laden Sie dann noch einmal herunter.</translation>
    </message>
    <message>
        <source>HF_ENDPOINT is {0}, which is not an address; write it as https://host.</source>
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
        <source>{0} is too large for a bundle's manifest; install the bundle again.</source>
        <translation>{0} ist zu groß für das Manifest eines Bündels; installieren Sie das Bündel noch einmal.</translation>
    </message>
    <message>
        <source>{0} is damaged or cannot be read ({1}); get it again, or check its permissions.</source>
        <translation>{0} ist beschädigt oder lässt sich nicht lesen ({1}); besorgen Sie es noch einmal, oder prüfen Sie die Zugriffsrechte.</translation>
    </message>
    <message>
        <source>{0} is protected by a password; unpack it and choose its folder.</source>
        <translation>{0} ist mit einem Passwort geschützt; entpacken Sie es und wählen Sie seinen Ordner.</translation>
    </message>
    <message>
        <source>{0} contains more than {1} files; choose the archive of a bundle or part.</source>
        <translation>{0} enthält mehr als {1} Dateien; wählen Sie das Archiv eines Bündels oder Zusatzes.</translation>
    </message>
    <message>
        <source>{0} contains more than one bundle or part; unpack it and choose the folder of one.</source>
        <translation>{0} enthält mehr als ein Bündel oder mehr als einen Zusatz; entpacken Sie es und wählen Sie einen der Ordner.</translation>
    </message>
    <message>
        <source>Your home folder is not known; set HOME to it, or set DUOLOGUE_PROFILE to another folder for all that Duologue keeps.</source>
        <translation>Ihr persönlicher Ordner ist nicht bekannt; setzen Sie HOME auf diesen Ordner, oder DUOLOGUE_PROFILE auf einen anderen für alles, was Duologue aufhebt.</translation>
    </message>
    <message>
        <source>There is no folder for the files of this session ({0}); set XDG_RUNTIME_DIR to a folder of your own that nobody else may write to.</source>
        <translation>Es gibt keinen Ordner für die Dateien dieser Sitzung ({0}); setzen Sie XDG_RUNTIME_DIR auf einen eigenen Ordner, in den niemand sonst schreiben darf.</translation>
    </message>
    <message>
        <source>{0} is neither a folder nor a zip or tar archive; choose another.</source>
        <translation>{0} ist weder ein Ordner noch ein Zip- oder Tar-Archiv; wählen Sie etwas anderes.</translation>
    </message>
    <message>
        <source>{0} from {1} does not match its manifest; download it again, or tell its owner.</source>
        <translation>{0} aus {1} passt nicht zu seinem Manifest; laden Sie es noch einmal herunter, oder sagen Sie es dem Besitzer.</translation>
    </message>
    <message>
        <source>{0} does not exist; check the repository's name, and that it contains a Duologue bundle.</source>
        <translation>{0} gibt es nicht; prüfen Sie den Namen des Repositorys, und ob es ein Duologue-Bündel enthält.</translation>
    </message>
    <message>
        <source>{0} has manifest version {1}, which this Duologue does not know (it knows {2}); install the newest Duologue.</source>
        <translation>{0} hat ein Manifest der Version {1}, die dieses Duologue nicht kennt (es kennt {2}); installieren Sie das neueste Duologue.</translation>
    </message>
    <message>
        <source>{0} does not match the manifest; install the bundle again.</source>
        <translation>{0} passt nicht zum Manifest; installieren Sie das Bündel noch einmal.</translation>
    </message>
    <message>
        <source>{0} does not contain {1} different pieces of text; install the bundle again.</source>
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
        <source>{0} has an error at {1}: {2}; install the bundle again.</source>
        <translation>{0} hat einen Fehler bei {1}: {2}; installieren Sie das Bündel noch einmal.</translation>
    </message>
    <message>
        <source>{0} has {1} bytes, but the manifest says {2}; install the bundle again.</source>
        <translation>{0} hat {1} Bytes, aber das Manifest sagt {2}; installieren Sie das Bündel noch einmal.</translation>
    </message>
    <message>
        <source>{0} is missing, or is not a working ONNX model; install the bundle again.</source>
        <translation>{0} fehlt oder ist kein lauffähiges ONNX-Modell; installieren Sie das Bündel noch einmal.</translation>
    </message>
    <message>
        <source>{0} is missing; install the bundle again.</source>
        <translation>{0} fehlt; installieren Sie das Bündel noch einmal.</translation>
    </message>
    <message>
        <source>{0} is not the expected model ({1}); install the bundle again.</source>
        <translation>{0} ist nicht das erwartete Modell ({1}); installieren Sie das Bündel noch einmal.</translation>
    </message>
    <message>
        <source>{0} could not be run; install the bundle again.</source>
        <translation>{0} ließ sich nicht ausführen; installieren Sie das Bündel noch einmal.</translation>
    </message>
    <message>
        <source>{0} could not be run on {1} of shape {2}; install the bundle again.</source>
        <translation>{0} ließ sich mit {1} der Form {2} nicht ausführen; installieren Sie das Bündel noch einmal.</translation>
    </message>
    <message>
        <source>The language model {0} cannot forget what it has heard (it is recurrent or has a sliding window); choose a bundle with a plain Llama model.</source>
        <translation>Das Sprachmodell {0} kann Gehörtes nicht wieder vergessen (es ist rekurrent oder hat ein gleitendes Fenster); wählen Sie ein Bündel mit einem einfachen Llama-Modell.</translation>
    </message>
    <message>
        <source>The language model {0} is not a GGUF file; install the bundle again.</source>
        <translation>Das Sprachmodell {0} ist keine GGUF-Datei; installieren Sie das Bündel noch einmal.</translation>
    </message>
    <message>
        <source>The language model {0} produces values that are not numbers; install the bundle again.</source>
        <translation>Das Sprachmodell {0} liefert Werte, die keine Zahlen sind; installieren Sie das Bündel neu.</translation>
    </message>
    <message>
        <source>The language model {0} is damaged or of an unknown type; install the bundle again.</source>
        <translation>Das Sprachmodell {0} ist beschädigt oder von unbekanntem Typ; installieren Sie das Bündel noch einmal.</translation>
    </message>
    <message>
        <source>There is not enough memory for the language model {0}; close other programs.</source>
        <translation>Für das Sprachmodell {0} reicht der Speicher nicht; beenden Sie andere Programme.</translation>
    </message>
    <message>
        <source>The context of {0} tokens is full; start again.</source>
        <translation>Der Kontext von {0} Tokens ist voll; beginnen Sie neu.</translation>
    </message>
    <message>
        <source>The language model {0} failed (llama_decode returned {1}); restart, and choose another bundle if it happens again.</source>
        <translation>Das Sprachmodell {0} ist fehlgeschlagen (llama_decode gab {1} zurück); beginnen Sie neu, und wählen Sie ein anderes Bündel, wenn es wieder geschieht.</translation>
    </message>
    <message>
        <source>The language model {0} gave no output; restart.</source>
        <translation>Das Sprachmodell {0} hat nichts ausgegeben; beginnen Sie neu.</translation>
    </message>
    <message>
        <source>The assistant needs the part for hearing, which is not installed; install it on the page Models.</source>
        <translation>Der Assistent braucht den Zusatz zum Hören, der nicht installiert ist; installieren Sie ihn auf der Seite Modelle.</translation>
    </message>
    <message>
        <source>The agent of {0} has units that Duologue cannot make from text; choose another bundle, or switch the background mind off.</source>
        <translation>Der Agent von {0} hat Einheiten, die Duologue nicht aus Text machen kann; wählen Sie ein anderes Bündel, oder schalten Sie den Assistenten aus.</translation>
    </message>
    <message>
        <source>{0} is no plain address; write one like http://127.0.0.1:8080/v1.</source>
        <translation>{0} ist keine einfache Adresse; schreiben Sie eine wie http://127.0.0.1:8080/v1.</translation>
    </message>
    <message>
        <source>{0} is not this computer; the text server must be at 127.0.0.1 or localhost.</source>
        <translation>{0} ist nicht dieser Rechner; der Textserver muss unter 127.0.0.1 oder localhost zu finden sein.</translation>
    </message>
    <message>
        <source>{0} is no address; write one like http://127.0.0.1:8080/v1.</source>
        <translation>{0} ist keine Adresse; schreiben Sie eine wie http://127.0.0.1:8080/v1.</translation>
    </message>
    <message>
        <source>The text server at {0} has no model; load one in it.</source>
        <translation>Der Textserver unter {0} hat kein Modell; laden Sie dort eines.</translation>
    </message>
    <message>
        <source>The text server at {0} points to another place, which is not followed; write its own address.</source>
        <translation>Der Textserver unter {0} verweist auf einen anderen Ort, dem nicht gefolgt wird; schreiben Sie seine eigene Adresse.</translation>
    </message>
    <message>
        <source>The text server at {0} refused ({1}); look at its window.</source>
        <translation>Der Textserver unter {0} hat abgelehnt ({1}); sehen Sie in seinem Fenster nach.</translation>
    </message>
    <message>
        <source>The text server at {0} does not answer ({1}); start it.</source>
        <translation>Der Textserver unter {0} antwortet nicht ({1}); starten Sie ihn.</translation>
    </message>
    <message>
        <source>The text server at {0} failed{1}; look at its window.</source>
        <translation>Der Textserver unter {0} ist gescheitert{1}; sehen Sie in seinem Fenster nach.</translation>
    </message>
    <message>
        <source>The text model does not answer; it is started again.</source>
        <translation>Das Textmodell antwortet nicht; es wird neu gestartet.</translation>
    </message>
    <message>
        <source>The text model took too long; it is started again.</source>
        <translation>Das Textmodell hat zu lange gebraucht; es wird neu gestartet.</translation>
    </message>
    <message>
        <source>The text model has ended; it may need more memory than there is.</source>
        <translation>Das Textmodell hat sich beendet; vielleicht braucht es mehr Speicher, als da ist.</translation>
    </message>
    <message>
        <source>The text model {0} is not a GGUF file; choose another one.</source>
        <translation>Das Textmodell {0} ist keine GGUF-Datei; wählen Sie eine andere.</translation>
    </message>
    <message>
        <source>The text model {0} is damaged or of an unknown type; choose another file.</source>
        <translation>Das Textmodell {0} ist beschädigt oder von unbekannter Art; wählen Sie eine andere Datei.</translation>
    </message>
    <message>
        <source>{0} has no words, so it cannot chat; choose another file.</source>
        <translation>{0} hat keine Worte und kann deshalb nicht reden; wählen Sie eine andere Datei.</translation>
    </message>
    <message>
        <source>{0} is no chat model; choose another file.</source>
        <translation>{0} ist kein Chatmodell; wählen Sie eine andere Datei.</translation>
    </message>
    <message>
        <source>There is not enough memory for the text model {0}; choose a smaller one.</source>
        <translation>Für das Textmodell {0} ist nicht genug Speicher da; wählen Sie ein kleineres.</translation>
    </message>
    <message>
        <source>The text model {0} failed (llama_decode: {1}); ask again.</source>
        <translation>Das Textmodell {0} ist gescheitert (llama_decode: {1}); fragen Sie noch einmal.</translation>
    </message>
    <message>
        <source>The text model {0} cannot read the words.</source>
        <translation>Das Textmodell {0} kann die Worte nicht lesen.</translation>
    </message>
    <message>
        <source>The text model {0} cannot be read ({1}); choose another file.</source>
        <translation>Das Textmodell {0} kann nicht gelesen werden ({1}); wählen Sie eine andere Datei.</translation>
    </message>
    <message>
        <source>That was too long for the text model; say it in fewer words.</source>
        <translation>Das war zu lang für das Textmodell; sagen Sie es mit weniger Worten.</translation>
    </message>
    <message>
        <source>The model's chat template failed ({0}); choose another file.</source>
        <translation>Die Chatvorlage des Modells ist gescheitert ({0}); wählen Sie eine andere Datei.</translation>
    </message>
    <message>
        <source>The model's chat template is not valid ({0}); choose another file.</source>
        <translation>Die Chatvorlage des Modells ist ungültig ({0}); wählen Sie eine andere Datei.</translation>
    </message>
    <message>
        <source>The action {0} has no list WORDS of what one can say.</source>
        <translation>Die Aktion {0} hat keine Liste WORDS mit dem, was man sagen kann.</translation>
    </message>
    <message>
        <source>WORDS of the action {0} must be at most {1} texts of at most {2} letters.</source>
        <translation>WORDS der Aktion {0} dürfen höchstens {1} Texte mit höchstens {2} Buchstaben sein.</translation>
    </message>
    <message>
        <source>ASK_FIRST of the action {0} must be a short question.</source>
        <translation>ASK_FIRST der Aktion {0} muss eine kurze Frage sein.</translation>
    </message>
    <message>
        <source>The slots of "{0}" in the action {1} need different plain names.</source>
        <translation>Die Stellen in „{0}“ der Aktion {1} brauchen verschiedene einfache Namen.</translation>
    </message>
    <message>
        <source>{0} in the action {1} needs at least two words of its own and at most {2} slots.</source>
        <translation>{0} in der Aktion {1} braucht mindestens zwei eigene Worte und höchstens {2} Stellen.</translation>
    </message>
    <message>
        <source>The folder of own actions {0} is not there; choose another one.</source>
        <translation>Der Ordner der eigenen Aktionen {0} ist nicht da; wählen Sie einen anderen.</translation>
    </message>
    <message>
        <source>The action {0} took too long and was ended; it is left out.</source>
        <translation>Die Aktion {0} hat zu lange gebraucht und wurde beendet; sie wird ausgelassen.</translation>
    </message>
    <message>
        <source>The action {0} took too long and was ended.</source>
        <translation>Die Aktion {0} hat zu lange gebraucht und wurde beendet.</translation>
    </message>
    <message>
        <source>The action {0} ended the process in which it ran; it is left out.</source>
        <translation>Die Aktion {0} hat den Prozess beendet, in dem sie lief; sie wird ausgelassen.</translation>
    </message>
    <message>
        <source>The action {0} ended the process in which it ran.</source>
        <translation>Die Aktion {0} hat den Prozess beendet, in dem sie lief.</translation>
    </message>
    <message>
        <source>The action {0} has to wait; ask again.</source>
        <translation>Die Aktion {0} muss warten; fragen Sie noch einmal.</translation>
    </message>
    <message>
        <source>The action {0} is not a Python file.</source>
        <translation>Die Aktion {0} ist keine Python-Datei.</translation>
    </message>
    <message>
        <source>The action {0} is not there any more.</source>
        <translation>Die Aktion {0} ist nicht mehr da.</translation>
    </message>
    <message>
        <source>The action {0} returned no text.</source>
        <translation>Die Aktion {0} hat keinen Text geliefert.</translation>
    </message>
    <message>
        <source>The action {0} has no function answer.</source>
        <translation>Die Aktion {0} hat keine Funktion answer.</translation>
    </message>
    <message>
        <source>The action {0} failed ({1}).</source>
        <translation>Die Aktion {0} ist gescheitert ({1}).</translation>
    </message>
    <message>
        <source>The action {0} cannot be loaded ({1}).</source>
        <translation>Die Aktion {0} kann nicht geladen werden ({1}).</translation>
    </message>
    <message>
        <source>The file of reminders was damaged; it is kept as {0}. Set them again.</source>
        <translation>Die Datei der Erinnerungen war beschädigt; sie liegt jetzt als {0} da. Stellen Sie sie neu.</translation>
    </message>
    <message>
        <source>{0} could not be read, so it is not replaced; check its permissions and start again.</source>
        <translation>{0} konnte nicht gelesen werden und wird deshalb nicht ersetzt; prüfen Sie die Rechte und starten Sie neu.</translation>
    </message>
    <message>
        <source>The reminders in {0} are damaged and cannot be renamed ({1}); rename the file and start again.</source>
        <translation>Die Erinnerungen in {0} sind beschädigt und können nicht umbenannt werden ({1}); benennen Sie die Datei um und starten Sie neu.</translation>
    </message>
    <message>
        <source>{0} is longer than a megabyte; make it shorter.</source>
        <translation>{0} ist länger als ein Megabyte; kürzen Sie sie.</translation>
    </message>
    <message>
        <source>The reminders in {0} cannot be read ({1}); check its permissions and start again.</source>
        <translation>Die Erinnerungen in {0} können nicht gelesen werden ({1}); prüfen Sie die Rechte und starten Sie neu.</translation>
    </message>
    <message>
        <source>{0} cannot be read ({1}); check its permissions.</source>
        <translation>{0} kann nicht gelesen werden ({1}); prüfen Sie die Rechte.</translation>
    </message>
    <message>
        <source>the time</source>
        <translation>die Uhrzeit</translation>
    </message>
    <message>
        <source>the day of the week</source>
        <translation>der Wochentag</translation>
    </message>
    <message>
        <source>the date</source>
        <translation>das Datum</translation>
    </message>
    <message>
        <source>the time elsewhere is not known</source>
        <translation>die Uhrzeit anderswo ist nicht bekannt</translation>
    </message>
    <message>
        <source>a timer</source>
        <translation>ein Timer</translation>
    </message>
    <message>
        <source>an alarm</source>
        <translation>ein Wecker</translation>
    </message>
    <message>
        <source>a reminder</source>
        <translation>eine Erinnerung</translation>
    </message>
    <message>
        <source>alarms for every day are not there</source>
        <translation>tägliche Wecker gibt es nicht</translation>
    </message>
    <message>
        <source>how long is left</source>
        <translation>wie lange es noch dauert</translation>
    </message>
    <message>
        <source>what is set</source>
        <translation>was gestellt ist</translation>
    </message>
    <message>
        <source>cancel one</source>
        <translation>etwas davon abbrechen</translation>
    </message>
    <message>
        <source>ring again later</source>
        <translation>später noch einmal klingeln</translation>
    </message>
    <message>
        <source>arithmetic</source>
        <translation>Rechnen</translation>
    </message>
    <message>
        <source>units of measure</source>
        <translation>Maßeinheiten</translation>
    </message>
    <message>
        <source>a note</source>
        <translation>eine Notiz</translation>
    </message>
    <message>
        <source>read the notes</source>
        <translation>die Notizen vorlesen</translation>
    </message>
    <message>
        <source>delete the last note</source>
        <translation>die letzte Notiz löschen</translation>
    </message>
    <message>
        <source>delete all notes, after a question</source>
        <translation>alle Notizen löschen, nach einer Rückfrage</translation>
    </message>
    <message>
        <source>put something on the shopping list</source>
        <translation>etwas auf die Einkaufsliste setzen</translation>
    </message>
    <message>
        <source>take something off it</source>
        <translation>etwas davon streichen</translation>
    </message>
    <message>
        <source>ask for one thing</source>
        <translation>nach etwas darauf fragen</translation>
    </message>
    <message>
        <source>read the shopping list</source>
        <translation>die Einkaufsliste vorlesen</translation>
    </message>
    <message>
        <source>empty it, after a question</source>
        <translation>sie leeren, nach einer Rückfrage</translation>
    </message>
    <message>
        <source>louder</source>
        <translation>lauter</translation>
    </message>
    <message>
        <source>quieter</source>
        <translation>leiser</translation>
    </message>
    <message>
        <source>a volume in percent</source>
        <translation>eine Lautstärke in Prozent</translation>
    </message>
    <message>
        <source>say it again</source>
        <translation>noch einmal sagen</translation>
    </message>
    <message>
        <source>be quiet for a while</source>
        <translation>eine Weile still sein</translation>
    </message>
    <message>
        <source>speak again</source>
        <translation>wieder sprechen</translation>
    </message>
    <message>
        <source>end the conversation</source>
        <translation>das Gespräch beenden</translation>
    </message>
    <message>
        <source>your name</source>
        <translation>Ihr Name</translation>
    </message>
    <message>
        <source>what your name is</source>
        <translation>wie Sie heißen</translation>
    </message>
    <message>
        <source>weather and news are not known</source>
        <translation>Wetter und Nachrichten sind nicht bekannt</translation>
    </message>
    <message>
        <source>take back the last change</source>
        <translation>die letzte Änderung zurücknehmen</translation>
    </message>
    <message>
        <source>what can be said</source>
        <translation>was man sagen kann</translation>
    </message>
    <message>
        <source>The assistant needs the part for the voice, which is not installed; install it on the page Models.</source>
        <translation>Der Assistent braucht den Zusatz für die Stimme, der nicht installiert ist; installieren Sie ihn auf der Seite Modelle.</translation>
    </message>
</context>
<context>
    <name>RemedyButton</name>
    <message>
        <source>&amp;Longer chunks ({0} ms)</source>
        <translation>&amp;Längere Abschnitte ({0} ms)</translation>
    </message>
    <message>
        <source>Begins a new conversation in which the models have more time for each chunk. The agent then answers a little later. You can change it in the settings.</source>
        <translation>Beginnt ein neues Gespräch, in dem die Modelle für jeden Abschnitt mehr Zeit haben. Der Agent antwortet dann etwas später. In den Einstellungen können Sie es ändern.</translation>
    </message>
    <message>
        <source>Duologue is late: this computer is busy. Close other programs, or begin again with longer chunks.</source>
        <translation>Duologue ist zu spät: Der Rechner ist ausgelastet. Schließen Sie andere Programme, oder beginnen Sie neu mit längeren Abschnitten.</translation>
    </message>
    <message>
        <source>D&amp;raw less</source>
        <translation>Wenige&amp;r zeichnen</translation>
    </message>
    <message>
        <source>The waveform moves in steps, which leaves more time for the models. The conversation goes on. You can change it in the settings.</source>
        <translation>Die Wellenform bewegt sich in Schritten, das lässt den Modellen mehr Zeit. Das Gespräch geht weiter. In den Einstellungen können Sie es ändern.</translation>
    </message>
    <message>
        <source>Duologue is late: this computer is busy. Close other programs, or let the window draw less.</source>
        <translation>Duologue ist zu spät: Der Rechner ist ausgelastet. Schließen Sie andere Programme, oder lassen Sie das Fenster weniger zeichnen.</translation>
    </message>
    <message>
        <source>Duologue is late: this computer is busy. Close other programs.</source>
        <translation>Duologue ist zu spät: Der Rechner ist ausgelastet. Schließen Sie andere Programme.</translation>
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
        <source>&amp;Chunk length</source>
        <translation>A&amp;bschnittslänge</translation>
    </message>
    <message>
        <source>How often the agent decides what to do. Short chunks react faster; long chunks suit slow computers. Changing this restarts the conversation.</source>
        <translation>Wie oft der Agent entscheidet, was er tut. Kurze Abschnitte reagieren schneller, lange passen zu langsamen Rechnern. Eine Änderung startet das Gespräch neu.</translation>
    </message>
    <message>
        <source>one chunk</source>
        <translation>ein Abschnitt</translation>
    </message>
    <message>
        <source>&amp;Latency</source>
        <translation>Laten&amp;z</translation>
    </message>
    <message>
        <source>How late the agent uses your sound. One chunk suits most computers. With half a chunk, a fast computer understands more and waits less in pauses. A slow computer may need more. Changing this restarts the conversation.</source>
        <translation>Wie spät der Agent Ihren Ton verwendet. Ein Abschnitt passt für die meisten Rechner. Mit einem halben versteht ein schneller Rechner mehr und wartet in Pausen weniger. Ein langsamer braucht vielleicht mehr. Eine Änderung startet das Gespräch neu.</translation>
    </message>
    <message>
        <source>model default</source>
        <translation>Vorgabe des Modells</translation>
    </message>
    <message>
        <source>&amp;Temperature</source>
        <translation>&amp;Temperatur</translation>
    </message>
    <message>
        <source>How freely the agent speaks. At 0 it always says what is most likely; above 1 it babbles. Changing this restarts the conversation.</source>
        <translation>Wie frei der Agent spricht. Bei 0 sagt er stets das Wahrscheinlichste, über 1 plappert er. Eine Änderung startet das Gespräch neu.</translation>
    </message>
    <message>
        <source>Only while you hold the space bar</source>
        <translation>Nur solange Sie die Leertaste halten</translation>
    </message>
    <message>
        <source>&amp;Hold to talk</source>
        <translation>&amp;Halten zum Sprechen</translation>
    </message>
    <message>
        <source>For loud rooms. While the key is up, the agent hears silence. Takes effect immediately.</source>
        <translation>Für laute Räume. Ohne die Taste hört der Agent Stille. Wirkt sofort.</translation>
    </message>
    <message>
        <source>Recordings</source>
        <translation>Aufnahmen</translation>
    </message>
    <message>
        <source>Record every conversation</source>
        <translation>Jedes Gespräch aufnehmen</translation>
    </message>
    <message>
        <source>&amp;Record</source>
        <translation>&amp;Aufnehmen</translation>
    </message>
    <message>
        <source>Both voices and all decisions of the agent. Recordings stay on this computer.</source>
        <translation>Beide Stimmen und alle Entscheidungen des Agenten. Aufnahmen bleiben auf diesem Rechner.</translation>
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
        <source>Existing recordings stay where they are.</source>
        <translation>Vorhandene Aufnahmen bleiben, wo sie sind.</translation>
    </message>
    <message>
        <source>Keep at &amp;most</source>
        <translation>&amp;Höchstens aufheben</translation>
    </message>
    <message>
        <source>Number of conversations. The oldest are deleted when a new one begins.</source>
        <translation>Anzahl der Gespräche. Die ältesten werden gelöscht, wenn ein neues beginnt.</translation>
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
        <source>Ten hours take about one gigabyte. The oldest recordings are deleted first.</source>
        <translation>Zehn Stunden brauchen etwa ein Gigabyte. Die ältesten Aufnahmen werden zuerst gelöscht.</translation>
    </message>
    <message>
        <source>Window</source>
        <translation>Fenster</translation>
    </message>
    <message>
        <source>same as the desktop</source>
        <translation>wie das System</translation>
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
        <source>Takes effect immediately.</source>
        <translation>Wirkt sofort.</translation>
    </message>
    <message>
        <source>Lan&amp;guage</source>
        <translation>&amp;Sprache</translation>
    </message>
    <message>
        <source>Takes effect when Duologue is restarted. The agent itself speaks English.</source>
        <translation>Wirkt nach einem Neustart von Duologue. Der Agent selbst spricht Englisch.</translation>
    </message>
    <message>
        <source>Move the waveform in steps</source>
        <translation>Wellenform in Schritten bewegen</translation>
    </message>
    <message>
        <source>Dra&amp;w less</source>
        <translation>&amp;Weniger zeichnen</translation>
    </message>
    <message>
        <source>Leaves a slow computer more time for the models. Takes effect immediately.</source>
        <translation>Lässt auf einem langsamen Rechner den Modellen mehr Zeit. Wirkt sofort.</translation>
    </message>
    <message>
        <source>Models and performance</source>
        <translation>Modelle und Leistung</translation>
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
        <source>The models that the agent uses. Changing this restarts the conversation.</source>
        <translation>Die Modelle, die der Agent verwendet. Eine Änderung startet das Gespräch neu.</translation>
    </message>
    <message>
        <source>Th&amp;reads</source>
        <translation>Threa&amp;ds</translation>
    </message>
    <message>
        <source>Useful for large models only. The starter is fastest with one thread.</source>
        <translation>Nur für große Modelle nützlich. Das mitgelieferte Bündel ist mit einem Thread am schnellsten.</translation>
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
        <source>Number of language model layers on the graphics card. With 0 the agent does not use it. Helps with large models.</source>
        <translation>Anzahl der Schichten des Sprachmodells auf der Grafikkarte. Bei 0 nutzt der Agent sie nicht. Hilft bei großen Modellen.</translation>
    </message>
    <message>
        <source>This build of Duologue uses the processor only.</source>
        <translation>Diese Ausgabe von Duologue nutzt nur den Prozessor.</translation>
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
        <source>bundle default</source>
        <translation>Vorgabe des Bündels</translation>
    </message>
    <message>
        <source>bundle default ({0} ms)</source>
        <translation>Vorgabe des Bündels ({0} ms)</translation>
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
        <source>Takes effect immediately, also during a conversation. The agent forgets nothing.</source>
        <translation>Wirkt sofort, auch im Gespräch. Der Agent vergisst nichts.</translation>
    </message>
    <message>
        <source>The system removes the echo from this microphone, and with it much of your voice while the agent speaks. Choose the microphone itself instead.</source>
        <translation>Das System entfernt das Echo aus diesem Mikrofon und damit viel von Ihrer Stimme, während der Agent spricht. Wählen Sie besser das Mikrofon selbst.</translation>
    </message>
    <message>
        <source>&amp;Test</source>
        <translation>&amp;Testen</translation>
    </message>
    <message>
        <source>Test the microphone</source>
        <translation>Das Mikrofon testen</translation>
    </message>
    <message>
        <source>Level</source>
        <translation>Pegel</translation>
    </message>
    <message>
        <source>Speak as you would in a conversation. The bar should be green.</source>
        <translation>Sprechen Sie wie im Gespräch. Der Balken soll grün sein.</translation>
    </message>
    <message>
        <source>S&amp;peaker</source>
        <translation>&amp;Lautsprecher</translation>
    </message>
    <message>
        <source>Loudspeakers are fine; you do not need headphones.</source>
        <translation>Lautsprecher genügen; Kopfhörer brauchen Sie nicht.</translation>
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
        <source>Plays two soft tones through the chosen speaker.</source>
        <translation>Spielt zwei leise Töne über den gewählten Lautsprecher.</translation>
    </message>
    <message>
        <source> ms</source>
        <translation> ms</translation>
    </message>
    <message>
        <source>Sound card &amp;buffer</source>
        <translation>&amp;Puffer der Soundkarte</translation>
    </message>
    <message>
        <source>A small buffer answers sooner; a large one helps against crackling.</source>
        <translation>Ein kleiner Puffer antwortet früher, ein großer hilft gegen Knistern.</translation>
    </message>
    <message>
        <source>Remove the agent's voice</source>
        <translation>Die Stimme des Agenten entfernen</translation>
    </message>
    <message>
        <source>&amp;Echo cancellation</source>
        <translation>&amp;Echounterdrückung</translation>
    </message>
    <message>
        <source>Without it, the agent hears itself unless you wear headphones.</source>
        <translation>Ohne sie hört der Agent sich selbst, außer Sie tragen Kopfhörer.</translation>
    </message>
    <message>
        <source>Remove steady noise</source>
        <translation>Gleichmäßiges Rauschen entfernen</translation>
    </message>
    <message>
        <source>&amp;Noise suppression</source>
        <translation>&amp;Rauschunterdrückung</translation>
    </message>
    <message>
        <source>Only for loud fans and streets. With it, the agent understands clean speech less well.</source>
        <translation>Nur für laute Lüfter und Straßen. Klare Sprache versteht der Agent damit schlechter.</translation>
    </message>
    <message>
        <source>Even out your volume</source>
        <translation>Ihre Lautstärke ausgleichen</translation>
    </message>
    <message>
        <source>Automatic &amp;gain control</source>
        <translation>Automatische Aussteuerun&amp;g</translation>
    </message>
    <message>
        <source>Only for very quiet microphones. It changes what the agent hears.</source>
        <translation>Nur für sehr leise Mikrofone. Sie verändert, was der Agent hört.</translation>
    </message>
    <message>
        <source>Stop the conversation to test the devices.</source>
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
        <source>Pause the conversation. The agent forgets nothing. Key: P.</source>
        <translation>Das Gespräch anhalten. Der Agent vergisst nichts. Taste: P.</translation>
    </message>
    <message>
        <source>The agent hears you only while you hold this button or the space bar.</source>
        <translation>Der Agent hört Sie nur, solange Sie diesen Knopf oder die Leertaste halten.</translation>
    </message>
    <message>
        <source>Back to &amp;now</source>
        <translation>Zurück zum &amp;Jetzt</translation>
    </message>
    <message>
        <source>Let the picture follow the conversation again.</source>
        <translation>Das Bild wieder dem Gespräch folgen lassen.</translation>
    </message>
    <message>
        <source>&amp;Copy diagnostics</source>
        <translation>&amp;Diagnose kopieren</translation>
    </message>
    <message>
        <source>Copy versions, devices, settings and measurements for a bug report. It contains no audio.</source>
        <translation>Versionen, Geräte, Einstellungen und Messwerte für eine Fehlermeldung kopieren. Ton ist nicht dabei.</translation>
    </message>
    <message>
        <source>Your voice will appear here at the top, and the agent's at the bottom.</source>
        <translation>Hier erscheint oben Ihre Stimme und unten die des Agenten.</translation>
    </message>
    <message>
        <source>Hold to &amp;talk</source>
        <translation>Zum Sprechen &amp;halten</translation>
    </message>
    <message>
        <source>Copied. Paste it into your bug report. It contains no audio.</source>
        <translation>Kopiert. Fügen Sie es in Ihre Fehlermeldung ein. Ton ist nicht dabei.</translation>
    </message>
    <message>
        <source>Checking the model files.</source>
        <translation>Die Modelldateien werden geprüft.</translation>
    </message>
    <message>
        <source>Loading the models.</source>
        <translation>Die Modelle werden geladen.</translation>
    </message>
    <message>
        <source>Opening the microphone and the speaker.</source>
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
        <source>&amp;Continue</source>
        <translation>&amp;Weiter</translation>
    </message>
    <message>
        <source>Hold to talk</source>
        <translation>Zum Sprechen halten</translation>
    </message>
    <message>
        <source>Hold the space bar while you speak; otherwise the agent hears silence. The microphone stays open until you press Stop.</source>
        <translation>Halten Sie die Leertaste, während Sie sprechen; sonst hört der Agent Stille. Das Mikrofon bleibt offen, bis Sie „Beenden“ drücken.</translation>
    </message>
    <message>
        <source>Ready to talk</source>
        <translation>Bereit zum Gespräch</translation>
    </message>
    <message>
        <source>The microphone is muted. The agent will hear silence until you press M.</source>
        <translation>Das Mikrofon ist stumm. Der Agent wird Stille hören, bis Sie M drücken.</translation>
    </message>
    <message>
        <source>Press the button and speak. You do not need headphones, and you may interrupt at any time. Nothing leaves this computer.</source>
        <translation>Drücken Sie den Knopf und sprechen Sie. Kopfhörer brauchen Sie nicht, und Sie dürfen jederzeit unterbrechen. Nichts verlässt diesen Rechner.</translation>
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
        <source>It is off or muted, or the system blocks it. Check its switch and the system settings, or choose another microphone in the settings here.</source>
        <translation>Es ist aus oder stumm, oder das System sperrt es. Prüfen Sie seinen Schalter und die Einstellungen des Systems, oder wählen Sie hier in den Einstellungen ein anderes.</translation>
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
        <source>You may interrupt it at any time; it hears you.</source>
        <translation>Sie dürfen ihn jederzeit unterbrechen; er hört Sie.</translation>
    </message>
    <message>
        <source>Both speak</source>
        <translation>Beide sprechen</translation>
    </message>
    <message>
        <source>The agent hears you while it speaks.</source>
        <translation>Der Agent hört Sie, während er spricht.</translation>
    </message>
    <message>
        <source>Late</source>
        <translation>Zu spät</translation>
    </message>
    <message>
        <source>Paused</source>
        <translation>Angehalten</translation>
    </message>
    <message>
        <source>Press P to continue. The microphone stays open until you press Stop, but its sound is not used or recorded.</source>
        <translation>Drücken Sie P, um fortzufahren. Das Mikrofon bleibt offen, bis Sie „Beenden“ drücken, aber sein Ton wird weder verwendet noch aufgenommen.</translation>
    </message>
    <message>
        <source>The agent hears silence, and silence is recorded. Press M to unmute. The microphone stays open until you press Stop.</source>
        <translation>Der Agent hört Stille, und Stille wird aufgenommen. Drücken Sie M, um wieder gehört zu werden. Das Mikrofon bleibt offen, bis Sie „Beenden“ drücken.</translation>
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
        <source>Plug one in or choose another in the settings. The conversation then continues by itself, and the agent forgets nothing.</source>
        <translation>Schließen Sie eines an oder wählen Sie in den Einstellungen ein anderes. Dann geht das Gespräch von selbst weiter, und der Agent vergisst nichts.</translation>
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
        <source>You are at the top and the agent at the bottom, on one time axis. Plus and minus zoom, the arrow keys scroll, Home shows the beginning, End follows the conversation.</source>
        <translation>Sie oben, der Agent unten, auf einer Zeitachse. Plus und Minus vergrößern und verkleinern, die Pfeiltasten verschieben, Pos1 zeigt den Anfang, Ende folgt dem Gespräch.</translation>
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
        <source>chunk {0}: estimated correctly</source>
        <translation>Abschnitt {0}: richtig geschätzt</translation>
    </message>
    <message>
        <source>chunk {0}: estimated wrongly, replaced</source>
        <translation>Abschnitt {0}: falsch geschätzt, ersetzt</translation>
    </message>
    <message>
        <source>chunk {0}: lost, the estimate was used instead</source>
        <translation>Abschnitt {0}: verloren, durch die Schätzung ersetzt</translation>
    </message>
    <message>
        <source>the agent signals that it listens</source>
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
        <source>the assistant</source>
        <translation>der Assistent</translation>
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
<context>
    <name>AssistantSettings</name>
    <message>
        <source>Assistant</source>
        <translation>Assistent</translation>
    </message>
    <message>
        <source>Hear words of any kind</source>
        <translation>Beliebige Worte verstehen</translation>
    </message>
    <message>
        <source>&amp;Install…</source>
        <translation>&amp;Installieren…</translation>
    </message>
    <message>
        <source>Show the page Models, where parts are installed.</source>
        <translation>Zeigt die Seite Modelle, auf der Zusätze installiert werden.</translation>
    </message>
    <message>
        <source>Acts on requests (time, timers, sums, notes), and lets a text model answer what the agent does not know. Changing this restarts the conversation.</source>
        <translation>Führt Bitten aus (Uhrzeit, Timer, Rechnen, Notizen) und lässt ein Textmodell beantworten, was der Agent nicht weiß. Eine Änderung startet das Gespräch neu.</translation>
    </message>
    <message>
        <source>Ass&amp;istant</source>
        <translation>Ass&amp;istent</translation>
    </message>
    <message>
        <source>Text m&amp;odel…</source>
        <translation>Textm&amp;odell…</translation>
    </message>
    <message>
        <source>Choose another text model</source>
        <translation>Ein anderes Textmodell wählen</translation>
    </message>
    <message>
        <source>Open questions</source>
        <translation>Offene Fragen</translation>
    </message>
    <message>
        <source>What answers them. Takes effect in the next conversation.</source>
        <translation>Was sie beantwortet. Wirkt ab dem nächsten Gespräch.</translation>
    </message>
    <message>
        <source>Length o&amp;f answers</source>
        <translation>&amp;Länge der Antworten</translation>
    </message>
    <message>
        <source>Sentences of the text model at most. Takes effect in the next conversation.</source>
        <translation>So viele Sätze des Textmodells höchstens. Wirkt ab dem nächsten Gespräch.</translation>
    </message>
    <message>
        <source>System pr&amp;ompt</source>
        <translation>S&amp;ystemprompt</translation>
    </message>
    <message>
        <source>What the text model is told before each conversation; {date} becomes the day. Leave it empty for the usual one.</source>
        <translation>Was dem Textmodell vor jedem Gespräch gesagt wird; aus {date} wird der Tag. Leer gilt der übliche.</translation>
    </message>
    <message>
        <source>none</source>
        <translation>keins</translation>
    </message>
    <message>
        <source>Choos&amp;e…</source>
        <translation>&amp;Wählen…</translation>
    </message>
    <message>
        <source>Choose the folder of own actions</source>
        <translation>Ordner der eigenen Aktionen wählen</translation>
    </message>
    <message>
        <source>No&amp;ne</source>
        <translation>K&amp;einer</translation>
    </message>
    <message>
        <source>Run no own actions</source>
        <translation>Keine eigenen Aktionen ausführen</translation>
    </message>
    <message>
        <source>Folder of Python files that add requests of your own. They are run and may do anything that you may; choose only what you trust.</source>
        <translation>Ordner mit Python-Dateien, die eigene Bitten ergänzen. Sie werden ausgeführt und dürfen alles, was Sie dürfen; wählen Sie nur, wem Sie vertrauen.</translation>
    </message>
    <message>
        <source>Own actions</source>
        <translation>Eigene Aktionen</translation>
    </message>
    <message>
        <source>Files: {0}.</source>
        <translation>Dateien: {0}.</translation>
    </message>
    <message>
        <source>There are no such files in it.</source>
        <translation>Er enthält keine solchen Dateien.</translation>
    </message>
    <message>
        <source>Folder of own actions</source>
        <translation>Ordner der eigenen Aktionen</translation>
    </message>
    <message>
        <source>no folder</source>
        <translation>kein Ordner</translation>
    </message>
</context>
<context>
    <name>ExportButton</name>
    <message>
        <source>&amp;Export</source>
        <translation>&amp;Exportieren</translation>
    </message>
    <message>
        <source>Export</source>
        <translation>Exportieren</translation>
    </message>
    <message>
        <source>Sound as FLAC, one track per speaker…</source>
        <translation>Ton als FLAC, eine Spur je Sprecher …</translation>
    </message>
    <message>
        <source>Sound as WAV, one track per speaker…</source>
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
        <source>Transcript as text…</source>
        <translation>Mitschrift als Text …</translation>
    </message>
    <message>
        <source>Saved to {0}.</source>
        <translation>Gespeichert in {0}.</translation>
    </message>
</context>
<context>
    <name>ModelsPage</name>
    <message>
        <source>Models</source>
        <translation>Modelle</translation>
    </message>
    <message>
        <source>&amp;Bundles</source>
        <translation>&amp;Bündel</translation>
    </message>
    <message>
        <source>&amp;Parts</source>
        <translation>&amp;Zusätze</translation>
    </message>
    <message>
        <source>&amp;Text model</source>
        <translation>Te&amp;xtmodell</translation>
    </message>
    <message>
        <source>Kinds of models</source>
        <translation>Arten von Modellen</translation>
    </message>
</context>
<context>
    <name>Parts</name>
    <message>
        <source>Parts are additions, such as what hears words of any kind for the assistant. You install them from a file; nothing is downloaded.</source>
        <translation>Zusätze sind zum Beispiel das Gehör des Assistenten für beliebige Worte. Sie werden aus einer Datei installiert; heruntergeladen wird nichts.</translation>
    </message>
    <message>
        <source>Installed parts</source>
        <translation>Installierte Zusätze</translation>
    </message>
    <message>
        <source>Progress</source>
        <translation>Fortschritt</translation>
    </message>
    <message>
        <source>Install from a f&amp;ile…</source>
        <translation>Aus &amp;Datei installieren…</translation>
    </message>
    <message>
        <source>Unpack a part from a zip or tar file.</source>
        <translation>Einen Zusatz aus einer Zip- oder Tar-Datei entpacken.</translation>
    </message>
    <message>
        <source>Install from a fol&amp;der…</source>
        <translation>Aus O&amp;rdner installieren…</translation>
    </message>
    <message>
        <source>Copy a part from a folder.</source>
        <translation>Einen Zusatz aus einem Ordner kopieren.</translation>
    </message>
    <message>
        <source>Ca&amp;ncel</source>
        <translation>Ab&amp;brechen</translation>
    </message>
    <message>
        <source>Stop. Nothing is installed then.</source>
        <translation>Abbrechen. Dann wird nichts installiert.</translation>
    </message>
    <message>
        <source>De&amp;lete</source>
        <translation>&amp;Löschen</translation>
    </message>
    <message>
        <source>Delete the part's files permanently.</source>
        <translation>Die Dateien des Zusatzes endgültig löschen.</translation>
    </message>
    <message>
        <source>{0} MB</source>
        <translation>{0} MB</translation>
    </message>
    <message>
        <source>licence {0}</source>
        <translation>Lizenz {0}</translation>
    </message>
    <message>
        <source>No part is installed yet.</source>
        <translation>Noch ist kein Zusatz installiert.</translation>
    </message>
    <message>
        <source>Archive of a part</source>
        <translation>Archiv eines Zusatzes</translation>
    </message>
    <message>
        <source>Archives</source>
        <translation>Archive</translation>
    </message>
    <message>
        <source>Folder of a part</source>
        <translation>Ordner eines Zusatzes</translation>
    </message>
    <message>
        <source>Stopped. Nothing was installed.</source>
        <translation>Abgebrochen. Es wurde nichts installiert.</translation>
    </message>
    <message>
        <source>Installing {0}.</source>
        <translation>{0} wird installiert.</translation>
    </message>
    <message>
        <source>Delete the part?</source>
        <translation>Zusatz löschen?</translation>
    </message>
    <message>
        <source>{0} ({1} MB) will be deleted permanently.</source>
        <translation>{0} ({1} MB) wird endgültig gelöscht.</translation>
    </message>
    <message>
        <source>for hearing</source>
        <translation>zum Hören</translation>
    </message>
    <message>
        <source>for the voice</source>
        <translation>für die Stimme</translation>
    </message>
    <message>
        <source>a text model</source>
        <translation>ein Textmodell</translation>
    </message>
    <message>
        <source>{0} is installed. The next conversation uses it.</source>
        <translation>{0} ist installiert. Das nächste Gespräch benutzt es.</translation>
    </message>
</context>
<context>
    <name>SaidLine</name>
    <message>
        <source>Done: {0} It rings only while Duologue runs.</source>
        <translation>Erledigt: {0} Es klingelt nur, solange Duologue läuft.</translation>
    </message>
    <message>
        <source>Heard: {0}</source>
        <translation>Gehört: {0}</translation>
    </message>
    <message>
        <source>Thinking about: {0}</source>
        <translation>Denkt nach über: {0}</translation>
    </message>
    <message>
        <source>Done: {0}</source>
        <translation>Erledigt: {0}</translation>
    </message>
    <message>
        <source>Answer: {0}</source>
        <translation>Antwort: {0}</translation>
    </message>
    <message>
        <source>It rings: {0}</source>
        <translation>Es klingelt: {0}</translation>
    </message>
    <message>
        <source>You can say: “{0}”</source>
        <translation>Sie können sagen: „{0}“</translation>
    </message>
</context>
<context>
    <name>SaidRow</name>
    <message>
        <source>&amp;What can I say?</source>
        <translation>&amp;Was kann ich sagen?</translation>
    </message>
    <message>
        <source>Show all requests with their words.</source>
        <translation>Alle Bitten mit ihren Worten zeigen.</translation>
    </message>
    <message>
        <source>Open questions go to the text server {0}.</source>
        <translation>Offene Fragen gehen an den Textserver {0}.</translation>
    </message>
</context>
<context>
    <name>TextModel</name>
    <message>
        <source>A text model answers what the agent does not know. It may be wrong. Duologue asks only this computer. A server here may pass words on; its settings tell.</source>
        <translation>Ein Textmodell beantwortet, was der Agent nicht weiß. Es kann sich irren. Duologue fragt nur diesen Rechner. Ein Server hier könnte Worte weitergeben; das sagen seine Einstellungen.</translation>
    </message>
    <message>
        <source>Open questions</source>
        <translation>Offene Fragen</translation>
    </message>
    <message>
        <source>nothing answers them</source>
        <translation>nichts beantwortet sie</translation>
    </message>
    <message>
        <source>a model from a file</source>
        <translation>ein Modell aus einer Datei</translation>
    </message>
    <message>
        <source>a server on this computer</source>
        <translation>ein Server auf diesem Rechner</translation>
    </message>
    <message>
        <source>Ans&amp;wered by</source>
        <translation>B&amp;eantwortet von</translation>
    </message>
    <message>
        <source>A change takes effect in the next conversation.</source>
        <translation>Eine Änderung wirkt ab dem nächsten Gespräch.</translation>
    </message>
    <message>
        <source>Model from a file</source>
        <translation>Modell aus einer Datei</translation>
    </message>
    <message>
        <source>Choos&amp;e…</source>
        <translation>&amp;Wählen…</translation>
    </message>
    <message>
        <source>Choose the file of a text model.</source>
        <translation>Die Datei eines Textmodells wählen.</translation>
    </message>
    <message>
        <source>S&amp;mall</source>
        <translation>&amp;Kleines</translation>
    </message>
    <message>
        <source>File</source>
        <translation>Datei</translation>
    </message>
    <message>
        <source>Conte&amp;xt</source>
        <translation>Ko&amp;ntext</translation>
    </message>
    <message>
        <source>Tokens that it remembers of a conversation. More take more memory.</source>
        <translation>So viele Tokens eines Gesprächs merkt es sich. Mehr brauchen mehr Speicher.</translation>
    </message>
    <message>
        <source>Th&amp;reads</source>
        <translation>Threa&amp;ds</translation>
    </message>
    <message>
        <source>More answer sooner, but may make the conversation late.</source>
        <translation>Mehr antworten früher, können aber das Gespräch verspäten.</translation>
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
        <source>Layers on the graphics card.</source>
        <translation>Schichten auf der Grafikkarte.</translation>
    </message>
    <message>
        <source>This build of Duologue uses the processor only.</source>
        <translation>Diese Ausgabe von Duologue nutzt nur den Prozessor.</translation>
    </message>
    <message>
        <source>Server on this computer</source>
        <translation>Server auf diesem Rechner</translation>
    </message>
    <message>
        <source>Of llama-server, Ollama or LM Studio: 127.0.0.1 or localhost. Other computers are refused.</source>
        <translation>Von llama-server, Ollama oder LM Studio: 127.0.0.1 oder localhost. Andere Rechner werden abgelehnt.</translation>
    </message>
    <message>
        <source>A&amp;ddress</source>
        <translation>A&amp;dresse</translation>
    </message>
    <message>
        <source>the first that the server lists</source>
        <translation>das erste, das der Server nennt</translation>
    </message>
    <message>
        <source>M&amp;odel's name</source>
        <translation>Name des M&amp;odells</translation>
    </message>
    <message>
        <source>As the server calls it.</source>
        <translation>Wie der Server es nennt.</translation>
    </message>
    <message>
        <source>none</source>
        <translation>keins</translation>
    </message>
    <message>
        <source>Use the small model {0}</source>
        <translation>Das kleine Modell {0} benutzen</translation>
    </message>
    <message>
        <source>A chat model in the format GGUF, such as Llama, Qwen or Mistral.</source>
        <translation>Ein Chatmodell im Format GGUF, etwa Llama, Qwen oder Mistral.</translation>
    </message>
    <message>
        <source>The small model is used. It knows little, and is often wrong.</source>
        <translation>Benutzt wird das kleine Modell. Es weiß wenig und irrt sich oft.</translation>
    </message>
    <message>
        <source>Choose a chat model in the format GGUF, such as Llama, Qwen or Mistral.</source>
        <translation>Wählen Sie ein Chatmodell im Format GGUF, etwa Llama, Qwen oder Mistral.</translation>
    </message>
    <message>
        <source>File of a text model</source>
        <translation>Datei eines Textmodells</translation>
    </message>
    <message>
        <source>Text models</source>
        <translation>Textmodelle</translation>
    </message>
</context>
<context>
    <name>TranscriptView</name>
    <message>
        <source>Transcript</source>
        <translation>Mitschrift</translation>
    </message>
    <message>
        <source>No words were recorded.</source>
        <translation>Es wurden keine Worte aufgezeichnet.</translation>
    </message>
    <message>
        <source>&amp;Copy transcript</source>
        <translation>Mits&amp;chrift kopieren</translation>
    </message>
    <message>
        <source>Copy the selected words, or all if none are selected.</source>
        <translation>Kopiert die markierten Worte, oder alle, wenn keine markiert sind.</translation>
    </message>
    <message>
        <source>You: {0}</source>
        <translation>Sie: {0}</translation>
    </message>
    <message>
        <source>Agent: {0}</source>
        <translation>Agent: {0}</translation>
    </message>
</context>
<context>
    <name>WordsHelp</name>
    <message>
        <source>What you can say</source>
        <translation>Was Sie sagen können</translation>
    </message>
    <message>
        <source>The agent understands and speaks English. You may interrupt it at any time.</source>
        <translation>Der Agent versteht und spricht Englisch. Sie dürfen ihn jederzeit unterbrechen.</translation>
    </message>
    <message>
        <source>Small talk</source>
        <translation>Plauderei</translation>
    </message>
    <message>
        <source>The starter knows about 250 simple topics. It is sometimes wrong. Examples:</source>
        <translation>Der Starter kennt etwa 250 einfache Themen. Manchmal irrt er sich. Beispiele:</translation>
    </message>
    <message>
        <source>Requests</source>
        <translation>Bitten</translation>
    </message>
    <message>
        <source>The assistant is off; switch it on in the settings.</source>
        <translation>Der Assistent ist aus; schalten Sie ihn in den Einstellungen ein.</translation>
    </message>
    <message>
        <source>Your own action {0}</source>
        <translation>Ihre eigene Aktion {0}</translation>
    </message>
    <message>
        <source>Questions of any kind</source>
        <translation>Fragen aller Art</translation>
    </message>
    <message>
        <source>Your text model {0} answers. It may be wrong.</source>
        <translation>Ihr Textmodell {0} antwortet. Es kann sich irren.</translation>
    </message>
    <message>
        <source>They need a text model, which you can choose on the page Models.</source>
        <translation>Sie brauchen ein Textmodell; wählen Sie eines auf der Seite Modelle.</translation>
    </message>
</context>
</TS>
