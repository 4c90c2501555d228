case when a is null then 'b' else c end
