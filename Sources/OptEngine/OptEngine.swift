// OptEngine
