// OptPrompt
