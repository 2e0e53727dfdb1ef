module example.io/sandbox

go 1.24
