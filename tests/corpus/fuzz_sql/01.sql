SELECT s, sum(i), avg(d), count(DISTINCT b) FROM t GROUP BY s HAVING count(*) > 0
