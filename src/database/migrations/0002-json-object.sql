-- A JSON column that should hold an object: the object, or the one that a JSON text in it stands for, else NULL.
-- Submissions only bring objects; adopted rows may hold anything.
create function kernelboard_json_object(value jsonb) returns jsonb
language plpgsql immutable parallel safe as $$
begin
  if jsonb_typeof(value) = 'string' then
    value := (value #>> '{}')::jsonb;
  end if;
  return case when jsonb_typeof(value) = 'object' then value end;
exception when others then
  return null;
end
$$;
