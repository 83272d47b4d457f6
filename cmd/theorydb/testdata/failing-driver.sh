# A driver that says hello, knows nothing, and ends badly.
read -r _
echo '{"id": 1, "hello": {"protocol": 1, "driver": "shell", "strengths": ["basic"], "ops": []}}'
cat > /dev/null
exit 4
