"""The main job from one command: in a window when there is a display, by a person's clicks when there is none."""
