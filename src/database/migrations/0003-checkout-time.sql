-- "the checkouts of this window": the time of a checkout without start_time is that of its arrival.
create index checkouts_time on checkouts ((coalesce(start_time, _timestamp)));
