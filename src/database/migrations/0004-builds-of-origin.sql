-- "what this origin built lately", with the only column that is asked for
create index builds_origin_time on builds (origin, start_time) include (checkout_id);
