"""What a command does: after `cli/` has parsed its words, before `view/` shows the answer."""
