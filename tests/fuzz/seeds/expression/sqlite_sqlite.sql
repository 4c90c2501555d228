x'00ff' || [a b] + `c``d` collate nocase isnull
!