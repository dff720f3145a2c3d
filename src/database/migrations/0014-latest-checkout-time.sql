-- The tree lines with a checkout since some time: what the hardware's pages begin with.
create index latest_checkout_start_time on latest_checkout (start_time);
