"""The yardstick of judgement: what the rules make of a fleet whose every reading is labelled with the truth."""
