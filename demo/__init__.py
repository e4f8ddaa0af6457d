"""The demonstration: stub upstreams and a run of the main job from end to end."""
