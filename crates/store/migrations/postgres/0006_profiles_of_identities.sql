-- What the provider of an identity says about the user: a JSON object with the keys `email` and `name`, each of which
-- may be missing. Until now there was only the name.
ALTER TABLE identities ADD COLUMN profile TEXT NOT NULL DEFAULT '{}';
-- Without spaces, which json_build_object would write: profiles are compared as texts.
UPDATE identities SET profile = '{"name":' || to_json(name)::text || '}' WHERE name IS NOT NULL;
ALTER TABLE identities DROP COLUMN name;
