META
key;value
description;No group can pay for anything by itself; the completion does
instance;nobody-can
num_projects;2
num_votes;3
budget;100
vote_type;approval
PROJECTS
project_id;cost;name;selected
a;90;a;1
b;95;b;0
VOTES
voter_id;vote
1;a
2;b
3;
