print("optrepl")
