-- Which files of a project its agents read and edit.
ALTER TABLE tool_uses ADD COLUMN file VARCHAR;
