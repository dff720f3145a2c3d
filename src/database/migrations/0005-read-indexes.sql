-- "what this origin ran on this platform lately"; serves what tests_platform_idx served
create index tests_platform_time on tests ((environment_misc ->> 'platform'), origin, start_time);
drop index if exists tests_platform_idx;
-- the incidents of an issue version, the first and the last of an issue; serves what the other two served
create index incidents_of_issue on incidents (issue_id, issue_version, _timestamp, id collate "C")
  where present is not false;
drop index if exists incidents_issue_id_5ef3a289, incidents_issue_version;
-- where an issue was first seen on a build
create index incidents_first_of_issue on incidents (issue_id, _timestamp, id collate "C")
  where build_id is not null and present is not false;
-- "has this test an incident", asked for every test that is shown: by hash it takes a third of the time
create index incidents_of_test on incidents using hash (test_id);
drop index if exists incidents_test_id_5d40ff84;
