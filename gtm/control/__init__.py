"""The control side: reads what is on disk, compiles it with what is believed now, and publishes.

`controller.py` puts the parts together. What is on disk comes in by `sources.py` and `loading.py`,
operators' words by `acts.py`, measurements by `measured.py`, signatures in good time by
`resigning.py`; `writer.py` alone replaces what is served. What happened then is found by
`transitions.py` and told by `telling.py` and `transitionlog.py`, what goes on by `lasting.py`.
"""
