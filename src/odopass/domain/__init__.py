"""What a reading is and when it is believable. Pure: standard library only, no I/O, no clock."""
