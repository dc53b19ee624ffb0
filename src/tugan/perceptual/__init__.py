"""What people see in a picture: faces, their landmarks, whose face it is."""
