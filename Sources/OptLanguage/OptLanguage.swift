// OptLanguage
