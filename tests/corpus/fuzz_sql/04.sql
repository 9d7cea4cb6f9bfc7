SELECT day + INTERVAL 1 MONTH, date_trunc('year', day), extract(week FROM day), strftime(day, '%Y/%m/%d'), day - DATE '2000-01-01' FROM t
