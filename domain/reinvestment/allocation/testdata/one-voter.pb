META
key;value
description;One voter decides alone
instance;one-voter
num_projects;3
num_votes;1
budget;100
vote_type;approval
PROJECTS
project_id;cost;name;selected
a;60;a;1
b;50;b;0
c;40;c;1
VOTES
voter_id;vote
1;a,b,c
