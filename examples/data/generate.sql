-- generate.sql - makes the data of the examples: ./trueno < examples/data/generate.sql
-- Run in the repository's root. The numbers come from a polynomial that scatters the row
-- number, so every run writes the same files.

-- What players did in two months of a game: one file a month.
CREATE TABLE events AS
SELECT i AS id,
       TIMESTAMP '2025-01-01 00:00:00' + to_seconds(i * 255 + h % 240) AS time,
       1 + h // 7 % 400 AS player,
       CASE WHEN k < 34 THEN 'quest' WHEN k < 58 THEN 'trade' WHEN k < 77 THEN 'battle'
            WHEN k < 90 THEN 'crafting' WHEN k < 97 THEN 'chat' ELSE 'purchase' END AS category,
       CASE WHEN h % 53 = 0 THEN NULL ELSE (h // 97 % 10000) / 100.0 END AS value
FROM (SELECT i, h, h // 11 % 100 AS k
      FROM (SELECT i,
                   (i * i * 2654435761 + i * 40503 + 7919) % 4294967291 AS h
            FROM range(20000) AS r(i)));

COPY (SELECT * FROM events WHERE time < TIMESTAMP '2025-02-01' ORDER BY id)
TO 'examples/data/events-2025-01.parquet';
COPY (SELECT * FROM events WHERE time >= TIMESTAMP '2025-02-01' ORDER BY id)
TO 'examples/data/events-2025-02.parquet';

-- The calls that users of a service made, one row per user, day and operation.
COPY (SELECT u AS user_id, DATE '2025-01-01' + (d)::INTEGER AS day,
             CASE h % 3 WHEN 0 THEN 'read' WHEN 1 THEN 'write' ELSE 'export' END AS operation,
             1 + h // 13 % 500 AS calls, h // 31 % 900000 AS bytes
      FROM (SELECT i % 40 AS u, i // 40 AS d,
                   (i * i * 2654435761 + i * 40503 + 7919) % 4294967291 AS h
            FROM range(3600) AS r(i))
      ORDER BY day, user_id)
TO 'examples/data/usage.parquet';

-- A catalogue of assets, as a tool would export it.
COPY (SELECT i AS asset_id,
             CASE h // 5 % 5 WHEN 0 THEN 'texture' WHEN 1 THEN 'mesh' WHEN 2 THEN 'sound'
                             WHEN 3 THEN 'animation' ELSE 'shader' END AS category,
             CASE h % 4 WHEN 0 THEN 'forest' WHEN 1 THEN 'castle' WHEN 2 THEN 'harbour'
                        ELSE NULL END AS scene,
             1024 + h // 17 % 900000 AS bytes,
             ((h // 29 % 10000) / 100.0)::DECIMAL(9, 2) AS value
      FROM (SELECT i,
                   (i * i * 2654435761 + i * 40503 + 7919) % 4294967291 AS h
            FROM range(1, 1201) AS r(i)))
TO 'examples/data/assets.csv';

-- Commands run in a shell: when, where, how long, with what exit status.
COPY (SELECT TIMESTAMP '2025-03-01 08:00:00' + to_seconds(i * 97) AS time,
             CASE h // 3 % 4 WHEN 0 THEN '/src/engine' WHEN 1 THEN '/src/tools'
                             WHEN 2 THEN '/home/ada' ELSE '/var/log' END AS cwd,
             CASE h // 7 % 8 WHEN 0 THEN 'make' WHEN 1 THEN 'git status' WHEN 2 THEN 'git commit'
                             WHEN 3 THEN 'ls' WHEN 4 THEN 'grep -rn "TODO, later" .'
                             WHEN 5 THEN 'make test' ELSE 'ls' END AS command,
             h // 19 % 20000 AS duration_ms,
             CASE WHEN h // 23 % 12 = 0 THEN 1 ELSE 0 END AS status
      FROM (SELECT i,
                   (i * i * 2654435761 + i * 40503 + 7919) % 4294967291 AS h
            FROM range(1500) AS r(i)))
TO 'examples/data/history.csv';
