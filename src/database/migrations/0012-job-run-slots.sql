-- A job may be allowed to run several times at once, each run in a slot of its own; who has a slot's lock knows that a run
-- which is recorded as going on in it is not (chapter 08, section 6). And a time that came while the job still ran may be
-- left out, if the job says so.
alter table job_runs add column slot integer not null default 0;
alter table job_runs drop constraint job_runs_outcome;
alter table job_runs add constraint job_runs_outcome check (
  outcome in ('succeeded', 'failed', 'timed out', 'unavailable', 'stopped', 'lost', 'missed', 'skipped')
);
