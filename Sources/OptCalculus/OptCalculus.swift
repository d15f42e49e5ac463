// OptCalculus
