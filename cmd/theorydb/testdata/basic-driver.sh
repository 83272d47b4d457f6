# A driver that says hello, knows one verb and has no strength. No scenario is applicable to it.
read -r _
echo '{"id": 1, "hello": {"protocol": 1, "driver": "shell", "strengths": ["basic"], "ops": ["create"]}}'
cat > /dev/null
