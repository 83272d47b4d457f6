# A driver that promises everything and then breaks the protocol.
read -r _
echo '{"id": 1, "hello": {"protocol": 1, "driver": "shell", "strengths": ["basic", "concurrent", "faults"], "ops": ["create", "put", "get", "query", "update", "delete"]}}'
read -r _
echo 'oops'
cat > /dev/null
