module go-secrets

go 1.24
