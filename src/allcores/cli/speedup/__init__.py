"""`allcores speedup`: the main job. `command` is its beginning, `runner` measures, `table` prints."""
