module go-lines

go 1.24
