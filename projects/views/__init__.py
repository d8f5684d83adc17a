"""The record's doors for programs: each translates, calls one service, answers."""
