"""What the demo shows before anybody has sent anything: public samples, and images made for the purpose."""
