-- From member to co-owner, and back: who asks, who objects, what was decided. The
-- vote itself changes by one function, which wants to know why.

-- +goose Up
CREATE TABLE admission (
  community_id uuid NOT NULL REFERENCES community,
  id           uuid NOT NULL,
  member_id    uuid NOT NULL,
  state        text NOT NULL,
  statutes     integer NOT NULL, -- the version that its member accepted
  applied_at   timestamptz NOT NULL,
  tacit_at     timestamptz NOT NULL,
  decided_at   timestamptz,
  decided_by   uuid,             -- the member who recorded a decision; NULL when nobody objected
  reasons      text,
  PRIMARY KEY (community_id, id),
  CONSTRAINT admission_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES member,
  CONSTRAINT admission_decided_by_fkey FOREIGN KEY (community_id, decided_by) REFERENCES member,
  CONSTRAINT admission_state CHECK (state IN ('LISTED', 'OBJECTED', 'ADMITTED', 'REFUSED')),
  CONSTRAINT admission_decided CHECK ((state IN ('ADMITTED', 'REFUSED')) = (decided_at IS NOT NULL)),
  CONSTRAINT admission_not_ones_own CHECK (decided_by <> member_id)
);
CREATE UNIQUE INDEX admission_open_key ON admission (community_id, member_id) WHERE state IN ('LISTED', 'OBJECTED');
CREATE INDEX admission_member_idx ON admission (community_id, member_id, applied_at DESC);

CREATE TABLE admission_objection (
  community_id uuid NOT NULL,
  admission_id uuid NOT NULL,
  member_id    uuid NOT NULL, -- who objects
  reason       text NOT NULL,
  at           timestamptz NOT NULL,
  PRIMARY KEY (community_id, admission_id, member_id),
  CONSTRAINT admission_objection_admission_fkey FOREIGN KEY (community_id, admission_id) REFERENCES admission,
  CONSTRAINT admission_objection_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES member
);

-- Every change of the third facet, with what it rests on.
CREATE TABLE governance_act (
  community_id uuid NOT NULL,
  id           uuid NOT NULL,
  member_id    uuid NOT NULL,
  was          text NOT NULL,
  became       text NOT NULL,
  basis        text NOT NULL,
  reference    uuid NOT NULL,
  person_id    uuid,          -- who asked or recorded it; NULL where time did
  at           timestamptz NOT NULL,
  PRIMARY KEY (community_id, id),
  CONSTRAINT governance_act_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES member,
  CONSTRAINT governance_act_basis CHECK (basis IN ('OWN_REQUEST', 'TACIT', 'DECISION', 'REDEEMED')),
  CONSTRAINT governance_act_asked CHECK (basis <> 'OWN_REQUEST' OR person_id IS NOT NULL)
);

-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['admission', 'admission_objection', 'governance_act'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format($p$CREATE POLICY tenant ON %I
      USING (community_id = NULLIF(current_setting('hora.community', true), '')::uuid)$p$, t);
  END LOOP;
END
$$;
-- +goose StatementEnd

-- +goose StatementBegin
-- govern takes a member's third facet from one state to another. Without a person
-- who asked, or a decision, it does only what they had asked for: the vote of who
-- was listed long enough with nobody objecting, and its end when their shares were
-- bought back. False: the member was in another state.
CREATE FUNCTION govern(
  p_community uuid, p_id uuid, p_member uuid, p_was text, p_became text, p_basis text, p_reference uuid, p_person uuid, p_at timestamptz
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_catalog, pg_temp AS $$
DECLARE
  v_capital text;
  v_may     boolean;
BEGIN
  SELECT m.capital INTO v_capital FROM member m WHERE m.community_id = p_community AND m.id = p_member FOR NO KEY UPDATE;
  v_may := CASE p_basis
    WHEN 'OWN_REQUEST' THEN p_person IS NOT NULL AND p_became NOT IN ('VOTER', 'MANDATED')
    WHEN 'DECISION'    THEN p_reference IS NOT NULL
    WHEN 'REDEEMED'    THEN (p_became, v_capital) IN (('LEAVING', 'REDEEMING'), ('FORMER', 'REDEEMED'))
    WHEN 'TACIT'       THEN p_became = 'VOTER' AND v_capital = 'FULL' AND EXISTS (
      SELECT FROM admission a
       WHERE a.community_id = p_community AND a.id = p_reference AND a.member_id = p_member AND a.state = 'LISTED' AND a.tacit_at <= p_at
         AND NOT EXISTS (SELECT FROM admission_objection o WHERE o.community_id = p_community AND o.admission_id = a.id))
  END;
  IF v_may IS NOT TRUE THEN
    RAISE EXCEPTION 'no vote changes without a reference' USING ERRCODE = 'LD403';
  END IF;
  UPDATE member m SET governance = p_became, version = m.version + 1
   WHERE m.community_id = p_community AND m.id = p_member AND m.governance = p_was;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  INSERT INTO governance_act (community_id, id, member_id, was, became, basis, reference, person_id, at)
  VALUES (p_community, p_id, p_member, p_was, p_became, p_basis, p_reference, p_person, p_at);
  RETURN true;
END
$$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION govern FROM PUBLIC;
GRANT EXECUTE ON FUNCTION govern TO hora_server;

GRANT SELECT, INSERT ON admission, admission_objection TO hora_server;
GRANT UPDATE (state, decided_at, decided_by, reasons) ON admission TO hora_server;
GRANT SELECT ON governance_act TO hora_server;
-- All of a member but the vote.
REVOKE UPDATE ON member FROM hora_server;
GRANT UPDATE (number, person_id, display_name, email, participation, capital, message, orientation, admitted_at, resumes_as,
  left_at, decline_reason, version, grace_until) ON member TO hora_server;

-- +goose Down
GRANT UPDATE ON member TO hora_server;
DROP FUNCTION govern;
DROP TABLE governance_act, admission_objection, admission;
