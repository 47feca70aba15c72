#!/bin/sh
# How small does gzip make the digits, for a level and a way of writing them down?
#   compress.sh level=6 layout=columns
# Any program can be swept: parameters arrive as arguments, results leave through `sweepctl log`.
set -eu

level=6
layout=rows
for argument; do
    case $argument in
        level=*) level=${argument#level=} ;;
        layout=*) layout=${argument#layout=} ;;
        *) echo "unknown argument '$argument', known: level=, layout=" >&2; exit 2 ;;
    esac
done

case $layout in
    rows | sorted | columns) ;;
    *) echo "unknown layout '$layout', known: rows, sorted, columns" >&2; exit 2 ;;
esac

data=$(dirname "$0")/../digits/digits.csv.gz
write_down() {
    case $layout in
        rows) gzip -dc "$data" ;;
        sorted) gzip -dc "$data" | LC_ALL=C sort ;;
        # A picture element's values of all images side by side, instead of image after image.
        columns) gzip -dc "$data" | awk -F, '
            { for (i = 1; i <= NF; i++) column[i] = column[i] "," $i }
            END { for (i = 1; i <= NF; i++) print column[i] }' ;;
    esac
}

plain=$(write_down | wc -c)
packed=$(write_down | gzip "-$level" | wc -c)
if [ "$plain" -eq 0 ]; then
    echo "nothing to compress" >&2
    exit 1
fi
ratio=$(awk "BEGIN { printf \"%.4f\", $packed / $plain }")
echo "level=$level layout=$layout: $plain bytes became $packed ($ratio)"

# By hand there is nobody to tell; in a run there is.
if [ -n "${SWEEPCTL_METRICS:-}" ]; then
    sweepctl log "bytes=$packed" "ratio=$ratio"
fi
