SELECT category, count(*) AS events, count(DISTINCT player) AS players,
       sum(value) AS total, round(avg(value), 2) AS mean
FROM 'examples/data/events-*.parquet'
GROUP BY category
ORDER BY total DESC;
