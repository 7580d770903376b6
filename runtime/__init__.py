"""What every process of ours needs: broker connection, files, clocks, settings, systemd. It knows no lane."""
