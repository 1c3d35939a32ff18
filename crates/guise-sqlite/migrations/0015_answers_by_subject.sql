-- What is erased or destroyed is not told again either: its answers are found by what they tell of.
CREATE INDEX answers_of_subject ON answers (account, subject);
