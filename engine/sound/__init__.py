"""Sound itself: files, levels, sample rates and who speaks when.

In: `audio_file` reads any recording as 16 kHz mono, with `sound_links` and `pieced_file` beneath.
On the way: `resample`, `loudest_channel`, `fade`, `level`, `voice_activity`, `turn_taking`. Out:
`wav_file` and `flac_file` write both speakers. Stands on numpy, soxr and libsndfile; knows no card,
no model and no conversation.
"""
