#!/bin/sh
# The one-minute demonstration: group the rows of the Parquet files that come with the repository.
# usage: demo.sh [SHELL]

shell=${1:-./trueno}
files=$(ls examples/data/*.parquet 2>/dev/null | head -n 1)
if [ -z "$files" ]; then
    echo "there is no Parquet file in examples/data"
    exit 1
fi
if [ -f examples/demo.sql ]; then
    sql=$(cat examples/demo.sql)
else
    sql="SELECT count(*) AS rows FROM 'examples/data/*.parquet'"
fi
echo "\$ $shell -c \"$sql\""
exec "$shell" -c "$sql"
