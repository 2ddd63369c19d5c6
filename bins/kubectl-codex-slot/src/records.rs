//! The records of slots as the verbs need them: whose they are settled, failures told in words.
