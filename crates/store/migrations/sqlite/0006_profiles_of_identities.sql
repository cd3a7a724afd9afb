-- What the provider of an identity says about the user: a JSON object with the keys `email` and `name`, each of which
-- may be missing. Until now there was only the name.
ALTER TABLE identities ADD COLUMN profile TEXT NOT NULL DEFAULT '{}';
UPDATE identities SET profile = json_object('name', name) WHERE name IS NOT NULL;
ALTER TABLE identities DROP COLUMN name;
