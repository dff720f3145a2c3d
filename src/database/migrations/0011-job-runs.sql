-- Each run of a scheduled job. The primary key is the claim to it: whoever inserts the row runs the job, so even two
-- schedulers that both believe to act run it once (chapter 08, section 6).
create table job_runs (
  job text not null,
  -- the time that the schedule names; of a run by hand, when it was asked for
  scheduled_for timestamptz not null,
  -- schedule, crontab or manual
  started_by text not null,
  -- earlier times of the schedule since the row before that had no run: the job still ran, or nobody was there
  missed integer not null,
  -- host and process
  node text not null,
  started_at timestamptz not null,
  finished_at timestamptz,
  -- null while it runs
  outcome text,
  exit_code integer,
  -- the end of what it printed
  output text not null default '',
  constraint job_runs_pkey primary key (job, scheduled_for),
  constraint job_runs_started_by check (started_by in ('schedule', 'crontab', 'manual')),
  constraint job_runs_outcome check (
    outcome in ('succeeded', 'failed', 'timed out', 'unavailable', 'stopped', 'lost', 'missed')
  ),
  constraint job_runs_finished check ((finished_at is null) = (outcome is null))
);
-- the history of all jobs
create index job_runs_started_at on job_runs (started_at);
-- runs whose process may be gone
create index job_runs_running on job_runs (job) where outcome is null;
