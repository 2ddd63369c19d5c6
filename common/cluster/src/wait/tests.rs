//! Stories of waiting, told to a board.
