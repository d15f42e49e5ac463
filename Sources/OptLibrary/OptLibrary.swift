// OptLibrary
