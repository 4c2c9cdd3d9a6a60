module chimera.example/go-annotations

go 1.24
