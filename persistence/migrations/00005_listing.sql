-- Offers and requests, found by what they mean rather than how they are typed:
-- without accents, in the language they were written in, and with typos.

-- +goose Up
-- +goose StatementBegin
-- fold makes two spellings of one word equal: lower case, no accents. unaccent()
-- itself is only STABLE because its dictionary could be replaced; naming the
-- dictionary makes the answer depend on the text alone.
CREATE FUNCTION fold(t text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = public, pg_catalog AS $$
  SELECT lower(unaccent('unaccent'::regdictionary, t));
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION search_config(language text) RETURNS regconfig
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE left(language, 2) WHEN 'fr' THEN 'french'::regconfig WHEN 'en' THEN 'english'::regconfig ELSE 'simple'::regconfig END;
$$;
-- +goose StatementEnd

CREATE TABLE listing (
  community_id uuid NOT NULL REFERENCES community,
  id           uuid NOT NULL,
  member_id    uuid NOT NULL,
  kind         text NOT NULL,
  title        text NOT NULL,
  description  text NOT NULL,
  service_type text NOT NULL,
  level        text NOT NULL,
  language     text NOT NULL,
  latitude     double precision, -- already coarse (about 500 m) when it arrives here
  longitude    double precision,
  radius_km    integer,
  remote       boolean NOT NULL,
  availability text[] NOT NULL,  -- days of the week; empty: any
  visibility   text NOT NULL,
  state        text NOT NULL,
  published_at timestamptz,
  expires_at   timestamptz,
  met_at       timestamptz,
  created_at   timestamptz NOT NULL,
  words        text NOT NULL,    -- folded title, description and the type's labels and synonyms
  version      integer NOT NULL DEFAULT 1,
  search       tsvector GENERATED ALWAYS AS (to_tsvector(search_config(language), words)) STORED,
  PRIMARY KEY (community_id, id),
  CONSTRAINT listing_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES member,
  CONSTRAINT listing_kind CHECK (kind IN ('OFFER', 'REQUEST')),
  CONSTRAINT listing_level CHECK (level IN ('INDIVIDUAL', 'COLLECTIVE', 'ASSOCIATIVE')),
  CONSTRAINT listing_visibility CHECK (visibility IN ('COMMUNITY', 'PARTNERS', 'PUBLIC')),
  CONSTRAINT listing_state CHECK (state IN ('DRAFT', 'PENDING_REVIEW', 'PUBLISHED', 'PAUSED', 'MET', 'EXPIRED', 'ARCHIVED', 'REMOVED')),
  CONSTRAINT listing_place_whole CHECK ((latitude IS NULL) = (longitude IS NULL))
);
-- The feed: what is published, newest first.
CREATE INDEX listing_feed_idx ON listing (community_id, state, published_at DESC, id DESC);
CREATE INDEX listing_type_idx ON listing (community_id, service_type text_pattern_ops) WHERE state = 'PUBLISHED';
CREATE INDEX listing_member_idx ON listing (community_id, member_id, created_at DESC, id DESC);
CREATE INDEX listing_place_idx ON listing (community_id, latitude, longitude) WHERE state = 'PUBLISHED';
CREATE INDEX listing_expiry_idx ON listing (community_id, expires_at) WHERE state = 'PUBLISHED';

ALTER TABLE listing ENABLE ROW LEVEL SECURITY;
ALTER TABLE listing FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON listing
  USING (community_id = NULLIF(current_setting('hora.community', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE ON listing TO hora_server;

-- +goose Down
DROP TABLE listing;
DROP FUNCTION search_config, fold;
