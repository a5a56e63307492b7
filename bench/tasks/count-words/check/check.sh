set -e
actual=$(printf 'The cat, the dog.\nA cat?\n' | bash count.sh | sed 's/^ *//')
expected=$'2 cat\n2 the\n1 a\n1 dog'
diff <(echo "$expected") <(echo "$actual")
