"""What people and programs read: findings, HTML, PDF, terminal. Nothing is computed here."""
