"""The control side: reads what is on disk, compiles it with what is believed now, and publishes.

`controller.py` puts the parts together. `loading.py` takes in files, `writer.py` alone replaces
what is served.
"""
