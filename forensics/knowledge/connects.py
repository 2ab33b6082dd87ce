"""How long a connect that nobody answers holds its port (KB2786464; Get-NetTCPSetting of real systems)."""

# Seconds: 1 + 2 + 4 + 8 + 16, InitialRto 1000 ms with four retransmissions; older systems 3 + 6 + 12 = 21.
LONGEST_CONNECT = 31
